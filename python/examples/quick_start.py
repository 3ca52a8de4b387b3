"""Answers of the model that ships with wedlm: whole, as they grow, and as the window saw them."""

from wedlm import LLM, SamplingParams

with LLM() as llm:
    params = SamplingParams(temperature=0.0, max_tokens=64)
    answers = llm.chat(["Count from 1 to 10.", "What is 4 + 5?"], params)
    for answer in answers:
        print(answer)
        print(f"   {answer.stats['tokens_per_forward']:.2f} tokens a forward")
    for piece in llm.chat_stream("Count from 5 to 15.", params):
        print(piece, end="|", flush=True)
    print()
