"""Writes apply_cases.json: the files of a checkpoint that have to do with chat templates, a request, and the text that
apply_chat_template of Hugging Face makes of it. Run in this folder, with transformers (5.24) installed:
    python3 make_apply_cases.py

A case has "expected" (the rendering) or "error" (true: transformers refuses it). A request has the names of
apply_chat_template's arguments, others in chat_template_kwargs; add_generation_prompt is true where neither it nor
continue_final_message is given.
"""

import json
import pathlib
import tempfile

import tokenizers
import transformers

CONFIG = "tokenizer_config.json"
FILE = "chat_template.jinja"
FOLDER = "additional_chat_templates/"

HI = [{"role": "user", "content": "Hi"}]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]

# What each named template prints tells which one was taken.
CHOICES = [
    {FILE: "file"},
    {CONFIG: {"chat_template": "config"}},
    {FILE: "file", CONFIG: {"chat_template": "config"}},
    {CONFIG: {"chat_template": [{"name": "default", "template": "D"}, {"name": "tool_use", "template": "T"}]}},
    {CONFIG: {"chat_template": {"default": "D", "tool_use": "T"}}},
    {CONFIG: {"chat_template": {"tool_use": "T"}}},
    {CONFIG: {"chat_template": {"default": "D"}}},
    {CONFIG: {"chat_template": {"rag": "R"}}},
    {CONFIG: {"chat_template": [{"name": "rag", "template": "R"}, {"name": "tool_use", "template": "T"}]}},
    {CONFIG: {"chat_template": [{"name": "default", "template": "1"}, {"name": "default", "template": "2"}]}},
    {FILE: "file", CONFIG: {"chat_template": {"default": "D", "tool_use": "T"}}},
    {FILE: "file", FOLDER + "tool_use.jinja": "T"},
    {FILE: "file", FOLDER + "rag.jinja": "R"},
    {FILE: "file", FOLDER + "default.jinja": "additional"},
    {FILE: "file", FOLDER + "tool_use.txt": "T"},
    {FOLDER + "tool_use.jinja": "T"},
    {FOLDER + "default.jinja": "D"},
    {FOLDER + "tool_use.jinja": "T", CONFIG: {"chat_template": "config"}},
    {FOLDER + "rag.jinja": "R", CONFIG: {"chat_template": {"default": "D", "tool_use": "T"}}},
    {FILE: "a\r\nb {{ messages|length }}\r\n\n", CONFIG: {"bos_token": "<s>"}},
    {FILE: "{{ bos_token }}|{{ eos_token }}|{{ pad_token is defined }}", CONFIG: {"bos_token": "<s>", "eos_token": "</s>"}},
]

CHATML = (
    "{% for message in messages %}<|{{ message.role }}|>"
    "{% if message.content is string %}{{ message.content }}"
    "{% else %}{% for part in message.content %}{{ part.text }}{% endfor %}{% endif %}<end>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TRIM = "{% for message in messages %}[{{ message.content | trim }}]{% endfor %}"
MEMBERS = "{% for message in messages %}{{ message | tojson }}{% endfor %}"
REASONING = "{% for message in messages %}<{{ message.reasoning_content }}>{{ message.content }}.{% endfor %}"
NO_CONTENT = "{% for m in messages %}{{ m.role }}{% endfor %}"
LOST = "{% for m in messages %}{{ m.content[:3] }}{% endfor %}"


def continued(content, **members):
    return {"messages": HI + [{"role": "assistant", "content": content, **members}], "continue_final_message": True}


def part(text):
    return {"type": "text", "text": text}


REQUESTS = [
    (CHATML, {"messages": HI}),
    (CHATML, {"messages": HI, "add_generation_prompt": False}),
    (CHATML, {"messages": HI, "continue_final_message": True, "add_generation_prompt": True}),
    (CHATML, {"messages": HI, "continue_final_message": True}),
    *[
        (template, continued(content))
        for template in (CHATML, TRIM)
        for content in (
            "One two", "One ", "  One", " One  ", "One\n\n", "", " ", "Hi", "<end>\n", "ß \u00a0", "One \u3000", "\u2003One\u00a0",
            "a CONTINUE b",
        )
    ],
    *[
        (CHATML, continued(content))
        for content in (
            [part("One"), part(" two ")], [part("One"), {"type": "image"}], [part("")], [{"type": "image"}], [], None, 7,
        )
    ],
    (CHATML, {"messages": HI + [{"role": "assistant"}], "continue_final_message": True}),
    (LOST, continued("One two three")),
    (NO_CONTENT, continued("One")),
    (MEMBERS, {"messages": [{"role": "user", "content": None, "tool_calls": None, "name": "x"}]}),
    (MEMBERS, {"messages": [{"role": "assistant", "content": "a", "reasoning": "r"}]}),
    (MEMBERS, {"messages": [{"role": "assistant", "content": "a", "thinking": "t"}]}),
    (MEMBERS, {"messages": [{"role": "assistant", "thinking": "t", "reasoning_content": "c", "reasoning": "r"}]}),
    (MEMBERS, {"messages": [{"role": "assistant", "reasoning_content": None, "reasoning": "", "x": {"y": None}}]}),
    *[
        (REASONING, {"messages": HI + [{"role": "assistant", "content": "a", name: "why "}], "continue_final_message": field})
        for name in ("reasoning_content", "reasoning", "thinking")
        for field in ("reasoning_content", "reasoning", "thinking")
    ],
    (REASONING, {"messages": HI + [{"role": "assistant", "content": "a"}], "continue_final_message": "content"}),
    (REASONING, {"messages": HI + [{"role": "assistant", "content": "a"}], "continue_final_message": "reasoning_content"}),
    (CHATML, {"messages": HI + [{"role": "assistant", "content": "a", "other": "b"}], "continue_final_message": "other"}),
    ("{{ tools is none }} {{ documents is none }} {{ x is defined }}", {"messages": HI}),
    ("{{ tools | tojson }}", {"messages": HI, "tools": TOOLS}),
    ("{{ tools | tojson }}", {"messages": HI, "tools": []}),
    ("{{ tools | tojson }}", {"messages": HI, "tools": ["f"]}),
    ("{{ tools | tojson }}", {"messages": HI, "tools": {"f": 1}}),
    ("{{ documents | tojson }}", {"messages": HI, "documents": [{"title": "a", "text": "b"}]}),
    ("{{ documents | tojson }}", {"messages": HI, "documents": ["a"]}),
    ("{{ enable_thinking }}", {"messages": HI, "enable_thinking": False}),
    ("{{ bos_token }}", {"messages": HI, "chat_template_kwargs": {"bos_token": "own"}}),
]


def outcome(files, request):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "<s>": 1, "</s>": 2}, unk_token="a"))
        tokenizer.save(str(folder / "tokenizer.json"))
        config = {"tokenizer_class": "PreTrainedTokenizerFast"}
        for path, content in files.items():
            if path == CONFIG:
                config.update(content)
                continue
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(content.encode())
        (folder / CONFIG).write_text(json.dumps(config))
        arguments = {**request, **request.get("chat_template_kwargs", {})}
        arguments.pop("chat_template_kwargs", None)
        arguments.setdefault("add_generation_prompt", not arguments.get("continue_final_message", False))
        try:
            loaded = transformers.AutoTokenizer.from_pretrained(name)
            return {"expected": loaded.apply_chat_template(arguments.pop("messages"), tokenize=False, **arguments)}
        except Exception:
            return {"error": True}


cases = [(files, request) for files in CHOICES for request in ({"messages": HI}, {"messages": HI, "tools": TOOLS}, {"messages": HI, "tools": []})]
cases += [({FILE: source}, request) for source, request in REQUESTS]
table = [{"files": files, "request": request, **outcome(files, request)} for files, request in cases]
with open("apply_cases.json", "w", encoding="utf-8") as out:
    out.write("[\n" + ",\n".join(json.dumps(case) for case in table) + "\n]\n")
