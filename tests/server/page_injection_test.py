"""The page in a browser: whatever stands in prompts, answers, system prompts and model names, none of it runs, and nothing
of it is asked for elsewhere."""

import json
import unittest

from page_browser import Browser, skip_without_browser
from scripted_server import ScriptedServer, answer, step
from served import Served

RUN = "window.injected=1"


def injections():
    """100 texts that would run, load or overlay something where they were read as HTML, markdown or a formula without care."""
    quoted = f'"{RUN}"'
    handlers = [f"<{tag} {attributes}{event}={quoted}{end}"
                for tag, attributes, event, end in (
                    ("img", "src=x ", "onerror", ">"), ("svg", "", "onload", ">"), ("body", "", "onload", ">"),
                    ("input", "autofocus ", "onfocus", ">"), ("details", "open ", "ontoggle", ">x</details>"),
                    ("video", "src=x ", "onerror", ">"), ("audio", "src=x ", "onerror", ">"),
                    ("iframe", "src=/ ", "onload", ">"), ("object", "data=x ", "onerror", ">"),
                    ("select", "autofocus ", "onfocus", ">"), ("marquee", "", "onstart", ">x"),
                    ("div", "", "onmouseover", ">x"), ("style", "", "onload", "></style>"),
                    ("link", "rel=stylesheet href=/base.css ", "onload", ">"), ("a", "href=# ", "onclick", ">x</a>"),
                    ("p", "style='animation:waiting 1s' ", "onanimationstart", ">x"),
                    ("textarea", "autofocus ", "onfocus", ">"), ("math", "", "onclick", "><mi>x</mi></math>"))]
    elements = [
        f"<script>{RUN}</script>", f"<ScRiPt>{RUN}</sCrIpT>", f"<script >{RUN}</script\n>", f"<<script>{RUN}//<</script>",
        f"</textarea><script>{RUN}</script>", f"</title><script>{RUN}</script>", f"--><script>{RUN}</script>",
        f"]]><script>{RUN}</script>", f"<script type=module>{RUN}</script>", "<script src=/main.js></script>",
        f"<script src='data:text/javascript,{RUN}'></script>", f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
        f"<iframe src='javascript:parent.{RUN}'></iframe>", f"<object data='javascript:{RUN}'></object>",
        f"<embed src='javascript:{RUN}'>", f"<base href='javascript:{RUN}//'>",
        f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>", f"<form action='javascript:{RUN}'><button>x</button></form>",
        f"<button formaction='javascript:{RUN}'>x</button>", f"<a href='javascript:{RUN}'>x</a>",
        f"<a href='&#106;avascript:{RUN}'>x</a>", f"<a href='java\tscript:{RUN}'>x</a>", f"<a href=' javascript:{RUN}'>x</a>",
        f"<svg><a xlink:href='javascript:{RUN}'><text y=9>x</text></a></svg>", f"<svg><script>{RUN}</script></svg>",
        f"<svg><animate attributeName=href values='javascript:{RUN}'/></svg>",
        f"<svg><foreignObject><script>{RUN}</script></foreignObject></svg>",
        f"<math><mtext><table><mglyph><style><img src=x onerror={quoted}>", f"<noscript><p title='</noscript><img src=x onerror={quoted}>'>",
        f"<template><script>{RUN}</script></template>", f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={quoted}>",
        f"<xmp><img src=x onerror={quoted}></xmp>", f"<plaintext><script>{RUN}</script>", "<style>* { display: none }</style>",
        "<div style='position:fixed;inset:0;background:red'>x</div>", "<img src='http://127.0.0.1:9/pixel.png'>",
        "<form id=prompt name=getElementById><input name=append></form>", "<a id=send name=send href=#>x</a>",
        f"<img src=x onerror\n=\n{quoted}>", f"<img/src=x/onerror={quoted}>", f"\0<img src=x onerror={quoted}>",
        f"&lt;img src=x onerror={quoted}&gt;", f"<!--<img src='--><img src=x onerror={quoted}>'-->",
        f"<![CDATA[<img src=x onerror={quoted}>]]>", "<portal src=/></portal><dialog open>x</dialog>"]
    markdown = [
        f"[x](javascript:{RUN})", f"[x](JaVaScRiPt:{RUN})", f"[x](&#x6a;avascript:{RUN})", f"[x](javascript&colon;{RUN})",
        f"[x](<java\tscript:{RUN}>)", f"[x](data:text/html,<script>{RUN}</script>)", f"[x](vbscript:{RUN})",
        f"<javascript:{RUN}>", f"[x][y]\n\n[y]: javascript:{RUN}", f'[x](/ "\\" onmouseover=\\"{RUN}")',
        f"[x](/\"onclick={quoted})", "![x](http://127.0.0.1:9/pixel.png)", f"![x](x\"onerror={quoted})",
        f"![x][y]\n\n[y]: x 'onerror={quoted}'", f"```\"><img src=x onerror={quoted}>\nx\n```", f"```html\n<script>{RUN}</script>\n```",
        f"`<script>{RUN}</script>`", f"| <script>{RUN}</script> |\n|---|\n| <img src=x onerror={quoted}> |",
        f"- <script>{RUN}</script>\n  > <img src=x onerror={quoted}>", f"**<img src=x onerror={quoted}>**",
        f"http://x\"onmouseover={quoted}", f"javascript://%0a{RUN}", f"# <svg onload={quoted}>", "<" * 3000]
    formulas = [
        f"$\\href{{javascript:{RUN}}}{{x}}$", f"$\\url{{javascript:{RUN}}}$", "$\\includegraphics{http://127.0.0.1:9/pixel.png}$",
        f"$\\htmlData{{x={RUN}}}{{x}}$", f"$\\htmlStyle{{position:fixed}}{{x}}$", f"$<img src=x onerror={quoted}>$",
        f"$$</span><script>{RUN}</script>$$", f"\\[\\text{{<img src=x onerror={quoted}>}}\\]", f"\\(\\class{{x}}{{<script>{RUN}</script>}}\\)",
        "$\\def\\x{\\x\\x}\\x$", "$\\rule{9999em}{9999em}$"]
    others = [f"${{{RUN}}} {{{{{RUN}}}}} #{{{RUN}}}", f"';{RUN};'\";{RUN};//"]
    return handlers + elements + markdown + formulas + others


# What ran, what the page's policy had to stop, and what the page must not have made of any text: elements beyond those of
# markdown, handlers, and addresses that run.
FOUND = """
const found = [];
for (const one of document.querySelectorAll('#chat *, #race-view *, #conversation-list *, #model-state *, #toast *')) {
  if (/^(script|iframe|object|embed|form|link|style|meta|base|img|video|audio|template|dialog|animate|foreignobject)$/i
      .test(one.tagName)) found.push(one.outerHTML);
  for (const { name, value } of one.attributes) {
    const runs = !/^(title|aria-label)$/.test(name) && /^\\s*(javascript|data|vbscript):/i.test(value);
    if (name.startsWith('on') || runs) found.push(one.outerHTML);
  }
}
return [window.injected ?? null, stopped, found];
"""

# Tells of anything that ran, and of anything that the page's policy had to stop.
WATCH = """
window.stopped = [];
document.addEventListener('securitypolicyviolation', (event) => stopped.push(event.violatedDirective + ' ' + event.sample));
for (const name of ['alert', 'confirm', 'prompt', 'eval']) window[name] = () => (window.injected = 1);
"""


class PageInjectionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = Served()
        cls.scripted = ScriptedServer(cls.served)
        cls.browser = Browser(cls.scripted.address)
        cls.browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        cls.scripted.__exit__()
        cls.served.__exit__()

    def check(self, text):
        self.assertEqual(self.browser.run(FOUND), [None, [], []], text)

    def send(self, text):
        """In a new conversation, whose system prompt and whose prompt it is; what comes back is it as well."""
        self.browser.run("""
            const [text] = arguments;
            document.getElementById('new-conversation').click();
            if (document.getElementById('settings').hidden) document.getElementById('settings-button').click();
            const system = document.getElementById('system-prompt');
            system.value = text;
            system.dispatchEvent(new Event('input'));
            const prompt = document.getElementById('prompt');
            prompt.value = text;
            prompt.dispatchEvent(new Event('input'));
            document.getElementById('composer').requestSubmit();""", text)
        self.browser.wait_for_answers(1)

    def test_there_are_100(self):
        self.assertEqual(len(set(injections())), 100)

    def test_in_prompts_system_prompts_and_answers(self):
        browser = self.browser
        browser.anew()
        self.scripted.script = lambda body: (200, answer(
            step(reasoning=body["messages"][-1]["content"]),
            step(body["messages"][-1]["content"], window=[body["messages"][-1]["content"]],
                 rejected=[body["messages"][-1]["content"]])))
        for text in injections():
            self.scripted.bodies.clear()
            self.send(text)
            self.assertEqual([message["content"].replace("\0", "") for message in self.scripted.bodies[0]["messages"]],
                             [text.strip().replace("\0", "")] * 2)
            browser.run("[...document.querySelectorAll('.answer .actions button')].find((one) => "
                        "one.textContent === 'Window').click()")
            self.check(text)
        self.assertEqual(len(browser.all(".conversation-title")), 100)
        browser.open()  # all of it once more, as it was kept
        self.check("after a reload")

    def test_in_races_and_errors(self):
        browser = self.browser
        browser.anew()
        for index, text in enumerate(injections()[::5]):
            self.scripted.script = lambda body: (200, answer(step(text + body["mode"])))
            browser.run("document.getElementById('race-tab').click()")
            browser.send(str(index))
            browser.until(lambda: browser.text(".race-prompt") == str(index) and browser.all(".difference-text"), "the difference")
            self.check(text)
            self.scripted.script = lambda body: (429, text)
            browser.run("document.getElementById('chat-tab').click(); document.getElementById('new-conversation').click()")
            browser.ask("a")
            self.check(text)

    def test_in_model_names(self):
        browser = self.browser
        self.scripted.script = lambda body: (200, answer(step("Yes.")))
        try:
            for first in range(0, 100, 10):
                names = injections()[first:first + 10]
                self.scripted.model_name = " ".join(names)
                browser.anew()
                browser.ask("a")
                self.assertIn(names[0].strip("\0")[:12], browser.run("return document.getElementById('model-state').textContent"))
                self.assertEqual(self.scripted.bodies[-1]["messages"][0]["content"], "a")
                self.check(json.dumps(names))
        finally:
            self.scripted.model_name = "scripted"


if __name__ == "__main__":
    skip_without_browser()
    unittest.main()
