// The official `openai` package for Node through the gateway to vendors of both dialects.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import OpenAI from "openai";

import { Gateway, poll, Upstream } from "./harness.mjs";

const messages = [{ role: "user", content: "What is the weather in Paris?" }];
const weather = {
  type: "function",
  function: {
    name: "weather",
    description: "Tells the weather.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const calls = [
  { id: "call_1", name: "weather", arguments: '{"city": "Paris"}' },
  { id: "call_2", name: "weather", arguments: '{"city": "Rome"}' },
];

const vendors = {};
let gateway;
let client;

before(async () => {
  for (const dialect of ["openai", "anthropic"]) vendors[dialect] = await Upstream.start(dialect, dialect);
  gateway = await Gateway.start(Object.values(vendors));
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "client-key", maxRetries: 0 });
});

after(async () => {
  await gateway?.stop();
  for (const vendor of Object.values(vendors)) await vendor.stop();
});

for (const model of ["openai", "anthropic"]) {
  describe(`to ${model}`, () => {
    test("a whole answer", async () => {
      await vendors[model].script({ answer: { text: "Rain. 🌧", usage: { input: 20, output: 4, cached: 8 } } });
      const answer = await client.chat.completions.create({ model, messages });
      assert.equal(answer.choices[0].message.content, "Rain. 🌧");
      assert.equal(answer.choices[0].finish_reason, "stop");
      assert.equal(answer.usage.prompt_tokens, 20);
      assert.equal(answer.usage.prompt_tokens_details.cached_tokens, 8);
      assert.ok(answer._request_id);
    });

    test("a streamed answer, by the SDK's own accumulator", async () => {
      await vendors[model].script({ answer: { text: "Rain. 🌧 Rain." } });
      const stream = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
      const pieces = [];
      stream.on("content", (piece) => pieces.push(piece));
      const final = await stream.finalChatCompletion();
      assert.ok(pieces.length > 1);
      assert.equal(final.choices[0].message.content, "Rain. 🌧 Rain.");
      assert.equal(final.usage.completion_tokens, 5);
    });

    for (const streamed of [false, true]) {
      test(`parallel tools, ${streamed ? "streamed" : "whole"}`, async () => {
        await vendors[model].script({ answer: { tools: calls } });
        const body = { model, messages, tools: [weather], tool_choice: "required" };
        const answer = streamed
          ? await client.chat.completions.stream(body).finalChatCompletion()
          : await client.chat.completions.create(body);
        const got = answer.choices[0].message.tool_calls.map(({ id, function: f }) => [id, f.name, JSON.parse(f.arguments)]);
        assert.deepEqual(got, [
          ["call_1", "weather", { city: "Paris" }],
          ["call_2", "weather", { city: "Rome" }],
        ]);
        assert.equal(answer.choices[0].finish_reason, "tool_calls");
      });
    }

    test("an error is the SDK's own class", async () => {
      await vendors[model].script({ fault: { kind: "status", code: 422, error: { message: "No." } } });
      await assert.rejects(client.chat.completions.create({ model, messages }), (error) => {
        assert.ok(error instanceof OpenAI.UnprocessableEntityError);
        assert.equal(error.error.message, "No.");
        return true;
      });
    });

    test("a stream that breaks rejects", async () => {
      await vendors[model].script({ fault: { kind: "error_frame", after: 2, error: { message: "Overloaded, sorry." } } });
      const stream = await client.chat.completions.create({ model, messages, stream: true });
      await assert.rejects(async () => {
        for await (const _ of stream);
      }, /sorry/);
    });

    test("an aborted stream cancels the vendor", async () => {
      await vendors[model].script({ fault: { kind: "stall", after: 1 } });
      const stream = await client.chat.completions.create({ model, messages, stream: true });
      for await (const chunk of stream) {
        if (chunk.choices[0]?.delta.content) break;
      }
      stream.controller.abort();
      await poll("the vendor to be left", async () => (await vendors[model].journal())[0]?.outcome === "client_closed");
    });
  });
}

test("an unknown model is not found", async () => {
  await assert.rejects(client.chat.completions.create({ model: "opena", messages }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, "model_not_found");
    return true;
  });
});

test("embeddings, in the base64 that the SDK asks for by itself", async () => {
  await vendors.openai.script();
  const answer = await client.embeddings.create({ model: "openai", input: ["a", "b"] });
  assert.equal(answer.data.length, 2);
  assert.equal(answer.data[1].embedding.length, 8);
  const [entry] = await vendors.openai.journal();
  assert.equal(entry.body.encoding_format, "base64");
});

test("models are listed", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.deepEqual(ids.sort(), ["anthropic", "openai"]);
});
