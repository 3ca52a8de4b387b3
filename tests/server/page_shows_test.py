"""The page in a browser: how an answer comes, its figures, the window as it fills, and the race."""

import unittest

from page_browser import Browser, Keys, skip_without_browser
from scripted_server import ScriptedServer, answer, step
from served import Served

PROMPT = "Count from 1 to 20."


class PageShowsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = Served("-t", "0")
        cls.scripted = ScriptedServer(cls.served)
        cls.browser = Browser(cls.served.address)

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        cls.scripted.__exit__()
        cls.served.__exit__()

    def open(self, server):
        self.browser.anew(server.address)
        self.scripted.bodies.clear()
        return self.browser

    def slide(self, index):
        self.browser.run("const slider = document.querySelector('.step-slider'); slider.value = arguments[0];"
                         "slider.dispatchEvent(new Event('input'))", index)

    def test_text_comes_as_it_is_made_and_stops(self):
        browser = self.open(self.scripted)
        steps = [step(f"{i}, ", window=[None, str(i + 2)], ids=[i]) for i in range(400)]
        self.scripted.script = lambda body: (200, [part for event in answer(*steps) for part in (event, 0.05)])
        browser.send("Go.")
        browser.until(lambda: "3, " in browser.text(".answer .body"), "the beginning")
        self.assertEqual(browser.states(), ["running"])
        self.assertEqual(len(browser.all(".strip .cell")), 16, "a window of streaming, its empty end filled up")
        self.assertFalse(browser.one("#send").is_displayed())
        browser.one("#prompt").send_keys("and", Keys.ENTER)  # waits: one answer at a time
        browser.click("Stop")
        browser.until(lambda: browser.states() == ["stopped"], "a stopped answer")
        browser.until(lambda: self.scripted.num_gone == 1, "a client that has left")
        text = browser.text(".answer .body")
        self.assertTrue(text.startswith("0, 1, 2, 3,"))
        self.assertIn("Stopped", browser.text(".answer .foot"))
        self.assertEqual(browser.one("#prompt").get_property("value"), "and")
        self.assertEqual(len(self.scripted.bodies), 1)

        browser.press(Keys.ENTER)
        browser.until(lambda: browser.states() == ["stopped", "running"], "the next answer")
        browser.until(lambda: "1, " in browser.texts(".answer .body")[1], "its beginning")
        browser.press(Keys.ESCAPE)
        browser.until(lambda: browser.states() == ["stopped", "stopped"], "stopped by Escape")
        sent = self.scripted.bodies[1]["messages"]
        self.assertEqual([message["role"] for message in sent], ["user", "assistant", "user"])
        self.assertTrue(sent[1]["content"].startswith("0, 1, 2, 3,"))

        browser.send("Again.")
        browser.until(lambda: browser.states()[-1] == "running", "a third")
        browser.until(lambda: "12, " in browser.texts(".answer .body")[2], "some of it, kept twice a second")
        browser.open()  # leaves in the middle
        self.assertEqual(browser.states(), ["stopped"] * 3)

    def test_settings_and_the_system_prompt_are_sent(self):
        browser = self.open(self.scripted)
        self.scripted.script = lambda body: (200, answer(step("Yes.")))
        browser.ask("a")
        first = self.scripted.bodies[0]
        self.assertEqual(set(first), {"messages", "mode", "stream", "stream_options", "return_token_ids"})
        browser.click("Settings")
        browser.one("#system-prompt").send_keys("Be brief.")
        for mode in browser.all(".mode"):
            if "Gated" in mode.text:
                mode.click()
        for name, value in {"Temperature": "0.7", "τ, entropy threshold": "0.3", "λ, position penalty": "0.05",
                            "Window": "8", "Length": "40"}.items():
            field = browser.one(f"[aria-label='{name}, as a number']")
            field.send_keys(value, Keys.TAB)
            line = browser.run("return arguments[0].closest('.number').querySelector('.line').textContent", field)
            self.assertGreater(len(line), 30, name)
        browser.run("document.getElementById('shows-window').click()")
        browser.open()  # settings are kept
        browser.ask("b")
        body = self.scripted.bodies[-1]
        self.assertEqual(body["messages"][0], {"role": "system", "content": "Be brief."})
        self.assertEqual({name: body[name] for name in ("mode", "temperature", "entropy_threshold", "pos_penalty",
                                                        "window_size", "max_tokens")},
                         {"mode": "gated", "temperature": 0.7, "entropy_threshold": 0.3, "pos_penalty": 0.05,
                          "window_size": 8, "max_tokens": 40})
        self.assertFalse(body["stream_options"]["window"])
        browser.click("Settings")
        browser.click("Back to the server's defaults")
        browser.ask("c")
        self.assertEqual(set(self.scripted.bodies[-1]), set(first))

        browser = self.open(self.served)  # which takes them all
        browser.run("localStorage.setItem('wedlm.settings', JSON.stringify({mode: 'gated', temperature: 0.7,"
                    "entropy_threshold: 0.3, pos_penalty: 0.05, window_size: 8, max_tokens: 9}))")
        browser.open()
        browser.ask(PROMPT)
        self.assertEqual(browser.states(), ["done"])
        self.assertIn("9 tokens", browser.text(".figures"))

    def test_failures_are_told_and_can_be_retried(self):
        browser = self.open(self.scripted)
        for status, events, words in ((429, "the queue is full", "the queue is full"),
                                      (200, [{"error": {"message": "the step failed"}}], "the step failed"),
                                      (200, [*answer(step("half"))[:1], None], "broke off")):
            self.scripted.script = lambda body, result=(status, events): result
            browser.click("New conversation")
            browser.ask("a")
            self.assertEqual(browser.states(), ["failed"])
            self.assertIn(words, browser.text(".answer .error"))
        self.scripted.script = lambda body: (200, answer(step("Yes.")))
        browser.click("Retry")
        browser.until(lambda: browser.states() == ["done"], "an answer")

    def test_markdown_code_formulas_and_thinking(self):
        browser = self.open(self.scripted)
        text = ("# Title\n\nSome *text* and $a_1^2$, which costs $5 or $6.\n\n\\[\\frac{1}{2}\\]\n\n"
                "```python\ndef f():\n    return 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<b>not bold</b>")
        self.scripted.script = lambda body: (200, answer(step(reasoning="First I think."), step(text)))
        browser.ask("a")
        body = ".answer .body "
        if browser.run("return typeof DOMPurify") != "undefined":
            self.assertEqual(browser.text(body + "h1"), "Title")
            self.assertEqual(browser.texts(body + "em"), ["text"])
            self.assertEqual(len(browser.all(body + ".hljs-keyword")), 2)
            self.assertEqual(len(browser.all(body + ".katex")), 2)
            self.assertEqual(len(browser.all(body + ".katex-display")), 1)
            self.assertEqual(len(browser.all(body + "td")), 2)
            self.assertEqual(len(browser.all(body + "b")), 0)
        self.assertIn("which costs $5 or $6.", browser.text(body))
        self.assertEqual(browser.texts(".thinking .plain"), ["First I think."])
        self.assertEqual(browser.log(), [])

    def test_without_libraries_text_is_plain(self):
        browser = self.open(self.scripted)
        browser.block("*/vendor/*")
        browser.open()
        self.scripted.script = lambda body: (200, answer(step("# *Plain*\n<b>text</b>")))
        self.assertEqual(browser.ask("a"), "# *Plain*\n<b>text</b>")

    def test_figures_and_token_ids(self):
        browser = self.open(self.served)
        browser.ask(PROMPT)
        self.assertRegex(browser.text(".figures > summary").replace("\n", " "),
                         r"[\d.,]+ tokens/s +[\d.]+ tokens per forward +71 tokens +\d+ forwards")
        self.assertFalse(browser.one(".ids").is_displayed())
        browser.one(".figures > summary").click()
        for words in ("Prompt speed", "Decode speed", "Seed", "the model ended it"):
            self.assertIn(words, browser.text(".figures dl"))
        browser.one(".token-ids summary").click()
        ids = [int(one) for one in browser.text(".ids").split()]
        self.assertEqual(len(ids), 71)
        _, _, data = self.served.request("POST", "/detokenize", {"tokens": ids})
        self.assertIn("1, 2, 3, 4,", data.decode())

    def test_the_window_step_by_step(self):
        browser = self.open(self.scripted)
        steps = (step("One", window=[" two", None, " four"], ids=[1]),
                 step(" two", window=[" three", " four", None], rejected=[" 2"], ids=[2]),
                 step(" three four", window=[None], ids=[3, 4]))
        self.scripted.script = lambda body: (200, answer(*steps))
        browser.ask("a")
        browser.click("Window", ".answer")
        browser.until(lambda: browser.text(".step-label").startswith("Step 3"), "the last step, played")
        self.slide(0)
        cells = browser.run("return [...document.querySelectorAll('.window-text .cell')]"
                            ".slice(0, 4).map((one) => [one.className, one.textContent])")
        self.assertEqual(cells, [["cell guess fresh", "·two"], ["cell empty", ""], ["cell guess fresh", "·four"],
                                 ["cell empty", ""]])
        self.assertEqual(len(browser.all(".window-text .cell")), 16)
        self.slide(1)
        self.assertEqual(browser.texts(".window-text .refused"), ["·2"])
        self.assertEqual(browser.run("return getComputedStyle(document.querySelector('.refused')).textDecorationLine"),
                         "line-through")
        self.assertEqual(browser.texts(".window-text .guess"), ["·three", "·four"])
        self.assertEqual(browser.texts(".window-text .fresh"), ["·three"], "four was there before")
        self.assertEqual(browser.texts(".window-text .committed"), [" two"])
        self.slide(2)
        self.assertEqual(browser.texts(".window-text"), ["One two three four"], "behind the end is no window")
        self.assertEqual(len(browser.all(".bars rect")), 3)

    def test_the_window_of_the_shipped_model(self):
        browser = self.open(self.served)
        browser.ask("Solve: 3x + 3 = 15")
        browser.click("Window", ".answer")
        browser.click("Pause", ".answer")
        forwards = int(browser.run("return [...document.querySelectorAll('.figures dt')].find((one) =>"
                                   "one.textContent === 'Forwards').nextSibling.textContent"))
        self.assertEqual(int(browser.one(".step-slider").get_attribute("max")), forwards - 1, "a step each")
        num_guesses = []
        for index in range(forwards):
            self.slide(index)
            num_guesses.append(len(browser.all(".window-text .guess")))
        self.assertGreater(max(num_guesses), 1)

    def test_a_race(self):
        browser = self.open(self.served)
        browser.ask(PROMPT)
        browser.click("Race", ".answer")
        browser.until(lambda: browser.text(".verdict"), "the outcome")
        self.assertRegex(browser.text(".verdict"), r"Streaming (was|took) [\d.]+ times as (fast|long)")
        self.assertEqual(browser.texts(".lane h3"), ["Autoregressive", "Streaming"])
        self.assertIn("Both have the same text.", browser.text(".race-end"))
        texts = browser.texts(".lane-text")
        self.assertTrue(texts[0].startswith("1, 2, 3") and texts[0] == texts[1])
        self.assertIn("1.00 tokens per forward", browser.texts(".lane-line")[0])
        clocks = [float(text.split()[0]) for text in browser.texts(".clock")]
        self.assertTrue(all(clock > 0 for clock in clocks), clocks)

        browser.run("document.getElementById('pace').value = '25'")
        browser.click("Replay")
        early = browser.texts(".clock")
        self.assertTrue(any(float(text.split()[0]) < clock for text, clock in zip(early, clocks)), early)
        browser.until(lambda: [float(text.split()[0]) for text in browser.texts(".clock")] == clocks, "the end again")

    def test_a_race_that_ends_differently(self):
        browser = self.open(self.scripted)
        texts = {"autoregressive": "the cat sat on the mat", "exact": "the dog sat on a mat"}
        self.scripted.script = lambda body: (200, answer(step(texts[body["mode"]])))
        browser.click("Race", ".view-switch")
        browser.run("document.getElementById('rival').value = 'exact'")
        browser.send("Where?")
        browser.until(lambda: browser.all(".difference-text"), "the difference")
        self.assertEqual(browser.texts(".difference-text del"), ["cat", "the"])
        self.assertEqual(browser.texts(".difference-text ins"), ["dog", "a"])
        warm_up, first, second = self.scripted.bodies
        self.assertEqual(warm_up["max_tokens"], 1)
        self.assertEqual((first["mode"], second["mode"]), ("autoregressive", "exact"))
        self.assertEqual(first["seed"], second["seed"])


if __name__ == "__main__":
    skip_without_browser()
    unittest.main()
