"""A real browser, which may take its time on a busy machine."""

import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect, sync_playwright

CHROMIUM = shutil.which("chromium")
PATIENCE = 180_000  # milliseconds
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no browser: it is the package chromium of Debian"
)
expect.set_options(timeout=PATIENCE)


@contextmanager
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, timeout=PATIENCE)
        yield browser
        browser.close()


def page_of(browser, **options):
    page = browser.new_page(**options)
    page.set_default_timeout(PATIENCE)
    return page
