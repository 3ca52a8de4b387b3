"""A browser at the page of a running server, for tests: Debian's Chromium, driven by Debian's selenium."""

import shutil
import sys
import tempfile
import time

try:
    from selenium import webdriver
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = By = Keys = None

DESKTOP = (1280, 860)
PHONE = (390, 844)


def what_is_missing():
    """The Debian package that a test of the page needs and that is not there, or None."""
    if webdriver is None:
        return "python3-selenium"
    if shutil.which("chromium") is None:
        return "chromium"
    return None if shutil.which("chromedriver") else "chromium-driver"


def skip_without_browser():
    missing = what_is_missing()
    if missing:
        print(f"SKIPPED: {missing} was not found (Debian: {missing})")
        sys.exit(0)


class Browser:
    """Use as a context manager. A new one knows nothing: its profile is made anew."""

    def __init__(self, address, size=DESKTOP, flags=()):
        self.address = address
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        options = Options()
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     f"--user-data-dir={self.profile.name}", *flags):
            options.add_argument(flag)
        options.binary_location = shutil.which("chromium")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.set_capability("unhandledPromptBehavior", "ignore")
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.resize(size)

    def resize(self, size):
        """The page's size in pixels, where a window could not be made as narrow."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False})

    def prefer(self, scheme):
        """light or dark, as the system would say it."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def anew(self, address=None):
        """At the page as one who was never there."""
        self.address = address or self.address
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": self.address, "storageTypes": "all"})
        self.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        self.resize(DESKTOP)
        self.log()
        self.open()

    def block(self, *patterns):
        """Addresses that cannot be reached from the next page on."""
        self.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": list(patterns)})

    def open(self):
        self.driver.get(self.address)
        self.until(lambda: self.run("return document.getElementById('model-state')?.textContent ?? ''")
                   not in ("", "Connecting …"), "the model's name")

    def until(self, condition, what, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            value = condition()
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(f"no {what} after {seconds} s; the page says:\n{self.text('body')[:2000]}\n{self.log()}")

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector)

    def click(self, text, within="body"):
        """The last shown button of this name. The page may draw it anew meanwhile."""
        for _ in range(5):
            found = self.run("return [...document.querySelectorAll(arguments[0])].findLast((one) => "
                             "one.innerText?.trim() === arguments[1] && one.checkVisibility())",
                             f"{within} button, {within} summary", text)
            assert found is not None, f"no button {text!r} in {within}"
            try:
                return found.click()
            except StaleElementReferenceException:
                continue
        raise AssertionError(f"{text!r} is drawn again and again")

    def press(self, *keys):
        """On whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def send(self, text):
        prompt = self.one("#prompt")
        prompt.send_keys(text.replace("\n", Keys.SHIFT + Keys.ENTER + Keys.NULL), Keys.ENTER)

    def states(self):
        """Those of the answers: running, done, stopped, failed."""
        return self.run("return [...document.querySelectorAll('.answer')].map((one) => one.dataset.state)")

    def ask(self, text):
        """Sends it and waits for the answer, whose text is given."""
        before = len(self.all(".message.answer"))
        self.send(text)
        self.wait_for_answers(before + 1)
        return self.texts(".answer .body")[-1]

    def wait_for_answers(self, count):
        self.until(lambda: len(self.states()) == count and "running" not in self.states(), f"answer number {count}")

    def log(self):
        """What the browser's console said since it was asked last, as lines. Debian's highlight.js says its age."""
        lines = [entry["message"] for entry in self.driver.get_log("browser")]
        return [line for line in lines if "Highlight.js has reached EOL" not in line]

    def shot(self, path):
        self.driver.save_screenshot(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()
        self.profile.cleanup()
