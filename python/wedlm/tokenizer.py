"""A model's tokenizer and chat template, under the names that transformers has for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

from . import _engine

Message = Mapping[str, Any]


class Tokenizer:
    """Byte-level BPE. May be used by several threads, and after its LLM is closed."""

    def __init__(self, inner: _engine.Tokenizer) -> None:
        self._inner = inner

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        """Special tokens in the text count. `add_special_tokens`: with those that stand around a whole text."""
        return self._inner.encode(text, add_special_tokens)

    def decode(self, token_ids: int | Sequence[int], skip_special_tokens: bool = False) -> str:
        """Well-formed UTF-8: bytes that are not become U+FFFD."""
        ids = [token_ids] if isinstance(token_ids, int) else list(token_ids)
        return self._inner.decode(ids, skip_special_tokens)

    @overload
    def apply_chat_template(self, conversation: Sequence[Message], tools: Sequence[Mapping[str, Any]] | None = None,
                            documents: Sequence[Mapping[str, Any]] | None = None, *, tokenize: Literal[False],
                            add_generation_prompt: bool = False, continue_final_message: bool = False,
                            **template_arguments: Any) -> str: ...

    @overload
    def apply_chat_template(self, conversation: Sequence[Message], tools: Sequence[Mapping[str, Any]] | None = None,
                            documents: Sequence[Mapping[str, Any]] | None = None, *, tokenize: Literal[True] = True,
                            add_generation_prompt: bool = False, continue_final_message: bool = False,
                            **template_arguments: Any) -> list[int]: ...

    def apply_chat_template(self, conversation: Sequence[Message], tools: Sequence[Mapping[str, Any]] | None = None,
                            documents: Sequence[Mapping[str, Any]] | None = None, *, tokenize: bool = True,
                            add_generation_prompt: bool = False, continue_final_message: bool = False,
                            **template_arguments: Any) -> str | list[int]:
        """The text that the checkpoint's template makes of the messages, or its token ids."""
        request = chat_request(conversation, tools=tools, documents=documents,
                               add_generation_prompt=add_generation_prompt,
                               continue_final_message=continue_final_message, template_arguments=template_arguments)
        text = self._inner.render(request, "conversation")
        return self._inner.encode(text, False) if tokenize else text

    def token_bytes(self, token_id: int) -> bytes:
        """The bytes of one token, which may be a part of a character."""
        return self._inner.token_bytes(token_id)

    def is_special(self, token_id: int) -> bool:
        return self._inner.is_special(token_id)

    def convert_tokens_to_ids(self, token: str) -> int | None:
        """The token that is exactly this text; None where there is none."""
        return self._inner.find(token)

    def __len__(self) -> int:
        return self.vocab_size

    @property
    def vocab_size(self) -> int:
        """The largest id and one."""
        return self._inner.vocab_size

    @property
    def has_chat_template(self) -> bool:
        return self._inner.has_chat_template

    @property
    def bos_token(self) -> str | None:
        return self._inner.bos_token or None

    @property
    def eos_token(self) -> str | None:
        return self._inner.eos_token or None

    @property
    def pad_token(self) -> str | None:
        return self._inner.pad_token or None

    @property
    def mask_token(self) -> str | None:
        return self._inner.mask_token or None

    @property
    def eos_token_id(self) -> int | None:
        return self._inner.find(self._inner.eos_token)

    @property
    def mask_token_id(self) -> int | None:
        return self._inner.find(self._inner.mask_token)


def chat_request(messages: Sequence[Message] | str, *, tools: Sequence[Mapping[str, Any]] | None = None,
                 documents: Sequence[Mapping[str, Any]] | None = None, add_generation_prompt: bool | None = None,
                 continue_final_message: bool = False,
                 template_arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The members of a request in JSON; a text is the message of a user."""
    request: dict[str, Any] = {}
    if isinstance(messages, str):
        request["prompt"] = messages
    else:
        request["messages"] = [dict(message) for message in messages]
    if tools is not None:
        request["tools"] = [dict(tool) for tool in tools]
    if documents is not None:
        request["documents"] = [dict(document) for document in documents]
    if add_generation_prompt is not None:
        request["add_generation_prompt"] = add_generation_prompt
    if continue_final_message:
        request["continue_final_message"] = True
    if template_arguments:
        request["chat_template_kwargs"] = dict(template_arguments)
    return request
