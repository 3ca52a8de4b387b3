"""What the clients' tests share: servers, clients of them, and the check of what came back."""

import atexit
import functools
import tempfile

import anthropic
import openai

from served import Served

COUNT = [{"role": "user", "content": "Count from 1 to 20."}]
COUNTED = ", ".join(str(i) for i in range(1, 21))

# It opens <think>, and the model counts on: what it says is thinking until a budget ends it.
THINKING_TEMPLATE = ("<|im_start|>user\nCount from 1 to 20.<|im_end|>\n<|im_start|>assistant\n"
                     "{% for m in messages %}{{ m.content }}{% endfor %}<think>")


def started(*flags):
    served = Served(*flags)
    atexit.register(served.__exit__)
    return served


@functools.cache
def server():
    """The shipped model, for all tests that need nothing else."""
    return started()


@functools.cache
def thinking_server():
    template = tempfile.NamedTemporaryFile("w", suffix=".jinja")
    template.write(THINKING_TEMPLATE)
    template.flush()
    served = started("--template", template.name)
    template.close()
    return served


@functools.cache
def model():
    return openai_client(server()).models.list().data[0].id


def openai_client(served, **options):
    return openai.OpenAI(base_url=served.address + "/v1", **{"api_key": "none", "max_retries": 0, **options})


def anthropic_client(served, **options):
    return anthropic.Anthropic(base_url=served.address, **{"api_key": "none", "max_retries": 0, **options})


def valid(answer):
    """The same, after its type has looked at every member: clients themselves take whatever comes."""
    type(answer).model_validate(answer.to_dict(mode="json"), strict=False)
    return answer


def chat(**members):
    """A chat's answer by the openai client, to a request to count unless it says otherwise."""
    return valid(openai_client(server()).chat.completions.create(
        **{"model": model(), "messages": COUNT, "temperature": 0, **members}))


def text_of(answer):
    return answer.choices[0].message.content
