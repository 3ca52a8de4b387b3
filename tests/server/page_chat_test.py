"""The page in a browser: conversations with the shipped model."""

import unittest

from page_browser import PHONE, Browser, Keys, skip_without_browser
from served import Served

PROMPT = "Count from 1 to 20."
ANSWER = ", ".join(str(i) for i in range(1, 21)) + "."
SUM, SUM_ANSWER = "What is 17 + 25?", "17 + 25 = 42. The answer is 42."


class PageChatTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = Served("-t", "0", "--mode", "exact", "--window-size", "8")  # the same text and a window each time
        cls.browser = Browser(cls.served.address)

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        cls.served.__exit__()

    def setUp(self):
        self.browser.anew()

    def tearDown(self):
        self.assertEqual(self.browser.log(), [], "the console")

    def answers(self):
        return [text.strip() for text in self.browser.texts(".answer .body")]

    def test_conversations_are_kept(self):
        browser = self.browser
        self.assertEqual(browser.text("#model-state"), "nano")
        browser.one("#prompt").send_keys("one line", Keys.SHIFT + Keys.ENTER + Keys.NULL, "and another")
        self.assertEqual(browser.one("#prompt").get_property("value"), "one line\nand another")
        self.assertEqual(browser.states(), [])
        browser.one("#prompt").clear()
        self.assertEqual(browser.ask(PROMPT).strip(), ANSWER)
        browser.click("New conversation")
        self.assertEqual(browser.states(), [])
        self.assertEqual(browser.ask(SUM).strip(), SUM_ANSWER)
        self.assertEqual(browser.texts(".conversation-title"), [SUM, PROMPT])

        browser.open()
        self.assertEqual(self.answers(), [SUM_ANSWER])
        browser.click(PROMPT, "#conversation-list")
        self.assertEqual(browser.texts(".bubble"), [PROMPT])
        self.assertEqual(self.answers(), [ANSWER])
        browser.click("Window", ".answer")  # its steps are kept as well
        self.assertGreater(int(browser.one(".step-slider").get_attribute("max")), 5)

        remove = [one for one in browser.all(".remove") if PROMPT in one.get_attribute("aria-label")]
        browser.run("arguments[0].click()", remove[0])
        self.assertEqual(browser.texts(".conversation-title"), [SUM])
        browser.click("Undo")
        self.assertEqual(self.answers(), [ANSWER])
        browser.run("arguments[0].click()", browser.one(".open .remove"))
        browser.open()
        self.assertEqual(browser.texts(".conversation-title"), [SUM])

    def test_retry_and_edit(self):
        browser = self.browser
        browser.ask(PROMPT)
        browser.ask(SUM)
        browser.run("document.querySelector('.answer').was = true")
        browser.all(".answer .actions button")[1].click()  # Retry of the first answer
        browser.until(lambda: browser.states() == ["done"], "a new first answer and none after it")
        self.assertFalse(browser.run("return document.querySelector('.answer').was ?? false"))
        self.assertEqual(self.answers(), [ANSWER])

        browser.run("document.querySelector('.user button').click()")  # Edit
        area = browser.one(".edit-area")
        self.assertEqual(area.get_property("value"), PROMPT)
        area.send_keys(" x", Keys.ESCAPE)
        self.assertEqual(browser.texts(".bubble"), [PROMPT])
        browser.run("document.querySelector('.user button').click()")
        area = browser.one(".edit-area")
        area.clear()
        area.send_keys(SUM, Keys.ENTER)
        browser.until(lambda: browser.states() == ["done"] and self.answers() == [SUM_ANSWER], "the edited one's answer")
        self.assertEqual(browser.texts(".bubble"), [SUM])

    def test_the_keyboard_is_enough(self):
        browser = self.browser
        self.assertEqual(browser.run("return document.activeElement.id"), "prompt")
        browser.press(PROMPT, Keys.ENTER)
        browser.wait_for_answers(1)
        self.assertEqual(browser.run("return document.activeElement.id"), "prompt")
        browser.press(Keys.ARROW_UP)  # edits the last message
        browser.press(Keys.CONTROL + "a" + Keys.NULL, SUM, Keys.ENTER)
        browser.until(lambda: self.answers() == [SUM_ANSWER], "the edited one's answer")

        def tab_to(name, back=False, most=40):
            for _ in range(most):
                browser.press(Keys.SHIFT + Keys.TAB + Keys.NULL if back else Keys.TAB)
                if browser.run("return document.activeElement.innerText?.trim()") == name:
                    return
            self.fail(f"no {name!r} by Tab")

        browser.one("#prompt").click()
        tab_to("Window", back=True)
        self.assertNotEqual(browser.run("return getComputedStyle(document.activeElement).outlineStyle"), "none")
        browser.press(Keys.ENTER)
        slider = browser.one(".step-slider")
        browser.run("arguments[0].focus()", slider)
        browser.press(Keys.HOME)
        self.assertEqual(slider.get_property("value"), "0")
        browser.press(Keys.ARROW_RIGHT)
        self.assertEqual(slider.get_property("value"), "1")
        browser.one("#prompt").click()
        tab_to("Settings", back=True)
        browser.press(Keys.ENTER)
        self.assertTrue(browser.one("#settings").is_displayed())
        browser.press(Keys.ESCAPE)
        self.assertFalse(browser.one("#settings").is_displayed())
        self.assertEqual(browser.run("return document.activeElement.id"), "settings-button")
        tab_to("Chat", back=True)
        browser.press(Keys.ARROW_RIGHT)
        self.assertTrue(browser.one("#race-view").is_displayed())
        tab_to("New conversation", back=True)
        browser.press(Keys.ENTER)
        self.assertEqual(browser.states(), [])
        self.assertEqual(browser.run("return document.activeElement.id"), "prompt")

    def test_a_phones_width(self):
        browser = self.browser
        browser.ask(PROMPT)
        browser.resize(PHONE)
        browser.open()
        self.assertEqual(self.answers(), [ANSWER])
        browser.click("Window", ".answer")
        for name in ("Race", "Chat"):
            browser.click(name, ".view-switch")
            widths = browser.run("return [document.documentElement, ...document.querySelectorAll('.view:not([hidden])')]"
                                 ".map((one) => [one.scrollWidth, one.clientWidth])")
            self.assertTrue(all(wanted <= there for wanted, there in widths), widths)
        self.assertFalse(browser.one("#sidebar").is_displayed())
        browser.click("☰")
        self.assertTrue(browser.one("#sidebar").is_displayed())
        browser.until(lambda: browser.one("#curtain").is_displayed(), "curtain")
        browser.click(PROMPT, "#conversation-list")
        self.assertFalse(browser.one("#sidebar").is_displayed())
        browser.click("Settings")
        self.assertTrue(browser.one("#settings").is_displayed())
        browser.press(Keys.ESCAPE)
        self.assertEqual(browser.ask(SUM).strip()[:2], "17")
        for control in browser.all("#send, .text-button, .icon-button"):
            if control.is_displayed():
                self.assertGreaterEqual(control.size["height"], 24, control.text)  # WCAG 2.2, 2.5.8

    def test_dark_and_light(self):
        browser = self.browser

        def is_dark():
            colour = browser.run("return getComputedStyle(document.body).backgroundColor")
            return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")) < 380

        for scheme in ("dark", "light"):
            browser.prefer(scheme)
            self.assertEqual(is_dark(), scheme == "dark")
        for theme, scheme in (("Dark", "light"), ("Light", "dark")):
            browser.prefer(scheme)
            label = next(one for one in browser.all(".theme-switch label") if one.text == theme)
            label.click()
            self.assertEqual(is_dark(), theme == "Dark")
            browser.open()
            self.assertEqual(is_dark(), theme == "Dark", "kept")

    def test_suggestions_and_export(self):
        browser = self.browser
        suggestions = browser.texts(".suggestion span")
        for words in ("1 to 200", "3x + 3 = 15", "quantum physics", "sudoku", "Count from 1 to 30."):
            self.assertTrue(any(words in one for one in suggestions), words)
        browser.run("window.saved = []; URL.createObjectURL = (blob) => { blob.text().then((text) => saved.push(text));"
                    " return '#'; }; HTMLAnchorElement.prototype.click = () => {}")
        browser.all(".suggestion")[0].click()
        browser.wait_for_answers(1)
        for name in ("As Markdown", "As JSON, with figures"):
            browser.click("Export")
            browser.click(name)
        browser.until(lambda: browser.run("return saved.length") == 2, "files")
        markdown, json_text = browser.run("return saved")
        self.assertIn("## You\n\nCount from 1 to 30.\n\n## nano (Exact)\n\n1, 2, 3", markdown)
        self.assertEqual(browser.run("return JSON.parse(arguments[0]).messages[1].timings.prompt_tokens > 0", json_text),
                         True)


if __name__ == "__main__":
    skip_without_browser()
    unittest.main()
