// Search, order and a choice of verdicts for the tables of the first page. Its links lead to pages
// of figures, which Snakemake's frame around this page holds.
const { default: DataTable } = await import(library);

const exactly = (verdict) => `^${verdict}$`;

function choiceOfVerdicts(table) {
  const column = table.column(-1);
  const shown = [...new Set(column.nodes().toArray().map((cell) => cell.textContent))];
  const choice = document.createElement("select");
  choice.append(new Option("all", ""), ...shown.map((verdict) => new Option(verdict)));
  choice.value = shown.find((verdict) => column.search() === exactly(verdict)) ?? "";
  choice.onchange = () =>
    column.search(choice.value && exactly(choice.value), { regex: true, smart: false }).draw();
  const label = document.createElement("label");
  label.append("Verdict: ", choice);
  return label;
}

for (const element of document.querySelectorAll("table")) {
  const rows = Number(element.dataset.rows); // at a time; none if all are
  const table = new DataTable(element, {
    paging: rows > 0,
    pageLength: rows,
    lengthMenu: [10, 25, 50, 100, -1],
    order: [],
    autoWidth: false,
    stateSave: true,
    stateDuration: -1, // as long as the window is open
    layout: { topStart: "search", topEnd: rows > 0 ? "pageLength" : null },
  });
  element.closest(".dt-container").querySelector(".dt-search").before(choiceOfVerdicts(table));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-page]");
  if (!link) return;
  event.preventDefault();
  const path = link.dataset.page;
  const view = { content: "html", contentPath: parent.results[path].data_uri, resultPath: path };
  parent.eval("app").setView(view);
});
