"""Writes cases.json: small tokenizers, and what Hugging Face's libraries make of texts with them. Run in this folder, with
tokenizers (0.23) and transformers (5.24) installed:  python3 make_cases.py

`base` is a tokenizer.json: 256 bytes, two merges, NFC and Qwen2's expression. A case of `added_tokens` and
`post_processors` has the members that its own tokenizer.json has instead, and what tokenizers.Tokenizer encodes; one of
`folders` has further files, and what AutoTokenizer makes of the folder, with tokenizer.json or with vocab.json and
merges.txt ("form": "files"). `ids` are without the tokens that a post-processor adds, `whole`, where they differ, with them.
"""

import json
import os
import tempfile
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoTokenizer

QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
         r"|\s+(?!\S)|\s+")


def alphabet():
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in shown]
    return {byte: chr(byte) for byte in shown} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def base():
    vocab = {letter: byte for byte, letter in alphabet().items()} | {"ab": 256, "abc": 257}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[("a", "b"), ("ab", "c")]))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def texts_of(contents):
    """Each content at the ends, between words, between spaces, doubled, decomposed; and all of them in a row."""
    texts = []
    for content in contents:
        texts += [content, f"ab {content} c", f"ab{content}abc", f" \n{content}  {content}{content}\n"]
    forms = [unicodedata.normalize(form, text) for text in texts for form in ("NFC", "NFD")]
    return list(dict.fromkeys([*texts, *forms, "".join(contents), "鿿 abc"]))


def encodings(encode, texts):
    lines = [{"text": text, "ids": encode(text, False), "whole": encode(text, True)} for text in texts]
    return [{key: line[key] for key in line if key != "whole" or line["whole"] != line["ids"]} for line in lines]


def of_tokenizer(tokenizer, texts):
    return encodings(lambda text, specials: tokenizer.encode(text, add_special_tokens=specials).ids, texts)


def members_of(tokenizer):
    ours, plain = json.loads(tokenizer.to_str()), json.loads(base().to_str())
    return {key: value for key, value in ours.items() if value != plain[key]}


def added_tokens_cases():
    flags = [{}, {"normalized": False}, {"special": True}, {"single_word": True}, {"lstrip": True, "rstrip": True},
             {"special": True, "normalized": True}]
    contents = ["é", "été", "e\u0301", "漢字", "Ġ", "Ġab", "<é>", "<|x|>", "ab", "½x", "\u00a0", "ñ", "Ã©"]
    lists = [[AddedToken(content, **flag)] for content in contents for flag in flags]
    lists += [["é", "éé", "ée"], ["é", AddedToken("e", special=True), "Ã©"], ["ab", "a", "abcd"],
              [AddedToken("à", normalized=False), AddedToken("à la", rstrip=True)]]
    for tokens in lists:
        tokenizer = base()
        tokenizer.add_tokens(tokens)
        yield {"tokenizer": members_of(tokenizer),
               "encodings": of_tokenizer(tokenizer, texts_of([getattr(token, "content", token) for token in tokens]))}


FILES = [
    {"eos_token": "<|im_end|>"},
    {"mask_token": "<m>", "pad_token": "<p>", "unk_token": "<u>", "bos_token": "<b>", "eos_token": "<e>",
     "cls_token": "<c>", "sep_token": "<s>"},
    {"additional_special_tokens": ["<x>", "<y>", "ab"], "mask_token": "<m>"},
    {"extra_special_tokens": ["<x>", "<y>"]},
    {"extra_special_tokens": {"image_token": "<img>", "b": "<bb>"}, "additional_special_tokens": ["<x>"]},
    {"extra_special_tokens": {}, "additional_special_tokens": ["<x>"]},
    {"image_token": "<img>", "eos_token": "<e>", "add_bos_token": False},
    {"eos_token": None, "unk_token": None, "pad_token": None},
    {"eos_token": ""},
    {"eos_token": "abc"},
    {"eos_token": "é", "mask_token": "été"},
    {"eos_token": {"__type": "AddedToken", "content": "<e>", "lstrip": True, "rstrip": True, "normalized": False,
                   "single_word": False}},
    {"added_tokens_decoder": {"258": {"content": "<x>", "special": True}, "259": {"content": "<y>"}}, "eos_token": "<x>"},
    {"added_tokens_decoder": {"259": {"content": "<y>", "rstrip": True}, "258": {"content": "<x>", "lstrip": True}},
     "mask_token": "<x>", "additional_special_tokens": ["<y>", "<z>"]},
    {"added_tokens_decoder": {"256": {"content": "ab", "special": True}}, "pad_token": "<p>"},
]


def folder_files():
    for config in FILES:
        yield {"tokenizer_config.json": config}
    yield {"added_tokens.json": {"<x>": 259, "<y>": 258}}
    yield {"added_tokens.json": {"<x>": 258, "<y>": 259}, "tokenizer_config.json": {"eos_token": "<y>"}}
    yield {"added_tokens.json": {"<x>": 258, "<y>": 259},
           "special_tokens_map.json": {"extra_special_tokens": ["<x>"], "eos_token": "<y>"}}
    yield {"added_tokens.json": {"<x>": 258, "<y>": 259},
           "tokenizer_config.json": {"added_tokens_decoder": {"258": {"content": "<x>", "special": True}}}}
    yield {"special_tokens_map.json": {"eos_token": "<e>", "additional_special_tokens": ["<x>"],
                                       "mask_token": {"content": "<m>", "lstrip": True}, "image_token": "<img>"}}
    yield {"special_tokens_map.json": {"eos_token": "<e>", "additional_special_tokens": ["<x>"]},
           "tokenizer_config.json": {"eos_token": "<e>", "additional_special_tokens": ["<x>"]}}
    yield {"special_tokens_map.json": {"extra_special_tokens": ["<x>", {"content": "<z>"}]},
           "tokenizer_config.json": {"extra_special_tokens": ["<y>"]}}
    yield {"special_tokens_map.json": {"eos_token": "<e>"},
           "tokenizer_config.json": {"added_tokens_decoder": {"258": {"content": "<y>", "special": True}},
                                     "eos_token": "<f>"}}


def post_processor_cases():
    bos, eos = ("<b>", 258), ("<e>", 259)

    def template(single, pair="$A $B"):
        return processors.TemplateProcessing(single=single, pair=pair, special_tokens=[bos, eos])

    byte_level = processors.ByteLevel(trim_offsets=True)
    bert, roberta = processors.BertProcessing(eos, bos), processors.RobertaProcessing(eos, bos)
    lists = [[byte_level], [template("$A:0")], [template("<b> $A")], [template("<b> $A <e> <e>")], [template("<b>")],
             [template("$A <e> $A")], [bert], [roberta], [byte_level, template("<b> $A")], [template("<b> $A"), byte_level],
             [template("<b> $A"), template("$A <e>", "$B <e> $A <b>:0")], [template("<b> $A"), roberta],
             [template("<b> $A"), bert], [bert, template("<b> $A")], [roberta, bert], [byte_level, byte_level]]
    for several in [[], *lists]:
        for post_processor in [processors.Sequence(several), *several[:1 if len(several) == 1 else 0]]:
            tokenizer = base()
            tokenizer.add_special_tokens(["<b>", "<e>"])
            tokenizer.post_processor = post_processor
            plain = base()  # a template may leave out the text, or repeat it, whether its tokens are added or not
            plain.add_special_tokens(["<b>", "<e>"])
            encode = lambda text, specials: (tokenizer if specials else plain).encode(text).ids
            yield {"tokenizer": members_of(tokenizer), "encodings": encodings(encode, ["ab", "", " x<b>ab<e>\n"])}


def write_folder(folder, files, name, form, tokenizer):
    if form == "json":
        tokenizer.save(os.path.join(folder, "tokenizer.json"))
    else:
        model = json.loads(tokenizer.to_str())["model"]
        files = {**files, "vocab.json": model["vocab"]}
        with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as file:
            file.write("#version: 0.2\n" + "".join(" ".join(merge) + "\n" for merge in model["merges"]))
    config = {"tokenizer_class": name, **files.get("tokenizer_config.json", {})}
    for file_name, value in {**files, "tokenizer_config.json": config}.items():
        with open(os.path.join(folder, file_name), "w", encoding="utf-8") as file:
            json.dump(value, file)
    return {**files, "tokenizer_config.json": config}


def of_folder(files, name, form, tokenizer):
    with tempfile.TemporaryDirectory() as folder:
        files = write_folder(folder, files, name, form, tokenizer)
        loaded = AutoTokenizer.from_pretrained(folder)
        contents = sorted(loaded.get_added_vocab(), key=loaded.get_added_vocab().get)
        encode = lambda text, specials: loaded(text, add_special_tokens=specials)["input_ids"]
        texts = [text for text in texts_of([*contents, "<y>"]) if text == "abc" or text.strip()]
        names = {key: str(value) for key, value in loaded.special_tokens_map.items()}
        return {"form": form, "tokenizer": members_of(tokenizer),
                "files": {key: value for key, value in files.items() if key != "vocab.json"},
                "names": {key: names.get(key, "") for key in ("bos_token", "eos_token", "pad_token", "mask_token")},
                "special": sorted(id for id, token in loaded.added_tokens_decoder.items() if token.special),
                "encodings": encodings(encode, texts)}


def folder_cases():
    for files in folder_files():
        for name, form in [("Qwen2Tokenizer", "json"), ("Qwen2Tokenizer", "files"), ("PreTrainedTokenizerFast", "json")]:
            yield of_folder(files, name, form, base())
    for ends in [{"add_bos_token": True}, {"add_eos_token": True, "add_bos_token": True}, {"add_bos_token": False}]:
        for form in ["json", "files"]:
            yield of_folder({"tokenizer_config.json": {"bos_token": "<b>", "eos_token": "<e>", **ends}}, "Qwen2Tokenizer",
                            form, base())
    yield of_folder({"tokenizer_config.json": {"add_bos_token": True}}, "Qwen2Tokenizer", "files", base())
    described = base()
    described.add_tokens([AddedToken("<x>", special=True, lstrip=True), AddedToken("<y>", rstrip=True)])
    for config in [{}, {"eos_token": "<x>"}, {"eos_token": "<y>"}, {"eos_token": "<e>"},
                   {"added_tokens_decoder": {"258": {"content": "<x>", "rstrip": True},
                                             "259": {"content": "<y>", "special": True},
                                             "260": {"content": "<z>"}}}]:
        for name in ["Qwen2Tokenizer", "PreTrainedTokenizerFast"]:
            yield of_folder({"tokenizer_config.json": config}, name, "json", described)
    yield of_folder({"added_tokens.json": {"<z>": 260, "<x>": 258}}, "Qwen2Tokenizer", "json", described)


def main():
    cases = {"base": json.loads(base().to_str()), "added_tokens": list(added_tokens_cases()),
             "post_processors": list(post_processor_cases()), "folders": list(folder_cases())}
    with open("cases.json", "w", encoding="utf-8") as file:
        file.write("{\n")
        file.write(f'"base": {json.dumps(cases.pop("base"), ensure_ascii=False)}')
        for name, group in cases.items():
            lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in group)
            file.write(f',\n"{name}": [\n{lines}\n]')
        file.write("\n}\n")


if __name__ == "__main__":
    main()
