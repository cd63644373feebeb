"""What every other package stands on: checks, tables, files, arrays, normals, provenance."""
