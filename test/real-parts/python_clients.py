"""The Python clients, pointed at the gateway: each check prints one line of JSON with its name and what came out.

Usage: python_clients.py URL CHAT_MODEL EMBED_MODEL
"""

import json
import os
import sys

url, chat_model, embed_model = sys.argv[1:4]
question = [{"role": "user", "content": "Why is the sky blue?"}]
# Nothing of these libraries asks anyone but the gateway.
os.environ.update(LANGSMITH_TRACING="false", ANONYMIZED_TELEMETRY="false", DO_NOT_TRACK="1")
os.environ["OLLAMA_HOST"] = url


def check(name):
    def run(body):
        try:
            print(json.dumps({"name": name, "result": body()}), flush=True)
        except Exception as error:  # Its kind is what the test compares.
            print(json.dumps({"name": name, "error": f"{type(error).__name__}: {error}"}), flush=True)

    return run


def error_of(body):
    """The name of the client's own error, and its status."""
    try:
        body()
    except Exception as error:
        return [type(error).__name__, getattr(error, "status_code", None)]
    return None


import ollama  # noqa: E402

client = ollama.Client(host=url)


@check("ollama: lists")
def _():
    return sorted(model.model for model in client.list().models)


@check("ollama: shows")
def _():
    return client.show(chat_model).capabilities


@check("ollama: chats the same whole and streamed")
def _():
    whole = client.chat(chat_model, question)
    streamed = "".join(part.message.content for part in client.chat(chat_model, question, stream=True))
    return [whole.message.content == streamed, len(streamed) > 10, whole.done]


@check("ollama: generates with options")
def _():
    answer = client.generate(chat_model, "Once", options={"num_predict": 4}, keep_alive="10m")
    return [answer.done_reason, answer.eval_count]


@check("ollama: embeds")
def _():
    embeddings = client.embed(embed_model, ["one", "two", "three"]).embeddings
    return [len(embeddings), len(embeddings[0]), list(embeddings[0]) != list(embeddings[1])]


@check("ollama: takes its host from the environment")
def _():
    return len(ollama.list().models) > 0


@check("ollama: lists what is loaded")
def _():
    return client.ps() is not None


@check("ollama: raises its own error")
def _():
    return error_of(lambda: client.chat("nope", question))


@check("ollama: copies and deletes")
def _():
    return [client.copy(embed_model, "copied").status, client.delete("copied").status]


import openai  # noqa: E402

openai_client = openai.OpenAI(base_url=f"{url}/v1", api_key="ollama", max_retries=0)


@check("openai: lists")
def _():
    return sorted(model.id for model in openai_client.models.list())


@check("openai: chats the same whole and streamed")
def _():
    whole = openai_client.chat.completions.create(model=chat_model, messages=question)
    stream = openai_client.chat.completions.create(model=chat_model, messages=question, stream=True)
    streamed = "".join(part.choices[0].delta.content or "" for part in stream if part.choices)
    return [whole.choices[0].message.content == streamed, len(streamed) > 10]


@check("openai: asks for a response")
def _():
    whole = openai_client.responses.create(model=chat_model, input="Hello")
    kinds = [event.type for event in openai_client.responses.create(model=chat_model, input="Hello", stream=True)]
    return [whole.status, kinds[0], kinds[-1]]


@check("openai: embeds by its default, which is base64")
def _():
    given = openai_client.embeddings.create(model=embed_model, input=["one", "two"])
    floats = openai_client.embeddings.create(model=embed_model, input=["one", "two"], encoding_format="float")
    pairs = zip(given.data[1].embedding, floats.data[1].embedding)
    return [len(given.data), max(abs(one - other) for one, other in pairs) < 1e-6]


@check("openai: raises its own error")
def _():
    return error_of(lambda: openai_client.chat.completions.create(model="nope", messages=question))


import anthropic  # noqa: E402

anthropic_client = anthropic.Anthropic(base_url=url, api_key="ollama", max_retries=0)


@check("anthropic: asks for a message, whole and streamed")
def _():
    asked = {"model": chat_model, "max_tokens": 200, "messages": question}
    whole = anthropic_client.messages.create(**asked)
    with anthropic_client.messages.stream(**asked) as stream:
        streamed = "".join(stream.text_stream)
    return [whole.content[0].text == streamed, whole.stop_reason]


@check("anthropic: raises its own error")
def _():
    return error_of(lambda: anthropic_client.messages.create(model="nope", max_tokens=9, messages=question))


from langchain_ollama import ChatOllama, OllamaEmbeddings  # noqa: E402

langchain = ChatOllama(base_url=url, model=chat_model)


@check("langchain: invokes and streams")
def _():
    streamed = "".join(part.content for part in langchain.stream("Why is the sky blue?"))
    return [langchain.invoke("Why is the sky blue?").content == streamed, len(streamed) > 10]


@check("langchain: embeds")
def _():
    embeddings = OllamaEmbeddings(base_url=url, model=embed_model)
    return [len(embeddings.embed_documents(["one", "two"])), len(embeddings.embed_query("one"))]


@check("langchain: raises the client's error")
def _():
    return error_of(lambda: ChatOllama(base_url=url, model="nope").invoke("Hello"))


from llama_index.core.llms import ChatMessage  # noqa: E402
from llama_index.embeddings.ollama import OllamaEmbedding  # noqa: E402
from llama_index.llms.ollama import Ollama  # noqa: E402

llama_index = Ollama(base_url=url, model=chat_model, request_timeout=60)


@check("llama-index: chats the same whole and streamed")
def _():
    messages = [ChatMessage(role="user", content="Why is the sky blue?")]
    whole = llama_index.chat(messages).message.content
    streamed = "".join(part.delta or "" for part in llama_index.stream_chat(messages))
    return [whole == streamed, len(whole) > 10]


@check("llama-index: completes")
def _():
    return len(llama_index.complete("Once").text) > 10


@check("llama-index: embeds")
def _():
    embedding = OllamaEmbedding(model_name=embed_model, base_url=url)
    return [len(embedding.get_text_embedding("one")), len(embedding.get_text_embedding_batch(["one", "two"]))]
