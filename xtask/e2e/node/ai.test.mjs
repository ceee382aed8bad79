// Vercel's `ai` with its providers for OpenAI and Anthropic: clients that share no code with the
// vendors' own SDKs, and check every answer against schemas of their own.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";

import { collect, Gateway, Upstream } from "./harness.mjs";

// It warns of every model that it does not know, and these are names of the gateway.
globalThis.AI_SDK_LOG_WARNINGS = false;

const cities = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };

const vendors = {};
const clients = {};
let gateway;

before(async () => {
  for (const dialect of ["openai", "anthropic"]) vendors[dialect] = await Upstream.start(dialect, dialect);
  gateway = await Gateway.start(Object.values(vendors));
  const options = { baseURL: `${gateway.url}/v1`, apiKey: "client-key" };
  clients.openai = createOpenAI(options).chat;
  // What this client speaks unless told otherwise.
  clients.responses = createOpenAI(options).responses;
  clients.anthropic = createAnthropic(options);
});

after(async () => {
  await gateway?.stop();
  for (const vendor of Object.values(vendors)) await vendor.stop();
});

for (const client of ["openai", "responses", "anthropic"]) {
  for (const name of ["openai", "anthropic"]) {
    describe(`${client} client to ${name}`, () => {
      const ask = (more) => ({
        model: clients[client](name),
        prompt: "What is the weather?",
        maxRetries: 0,
        // Nothing is kept here, so that the whole conversation must come each time.
        providerOptions: client === "responses" ? { openai: { store: false } } : {},
        ...more,
      });

      test("text", async () => {
        await vendors[name].script({ answer: { text: "Rain. 🌧" } });
        const { text, finishReason, usage } = await generateText(ask());
        assert.equal(text, "Rain. 🌧");
        assert.equal(finishReason, "stop");
        assert.equal(usage.outputTokens, 5);
      });

      test("streamed text", async () => {
        await vendors[name].script({ answer: { text: "Rain. 🌧 Rain." } });
        const result = streamText(ask());
        const pieces = await collect(result.textStream);
        assert.ok(pieces.length > 1);
        assert.equal(pieces.join(""), "Rain. 🌧 Rain.");
        assert.equal(await result.finishReason, "stop");
        assert.equal((await result.usage).outputTokens, 5);
      });

      test("a tool's answer goes back and the model goes on", async () => {
        const call = { id: "call_1", name: "weather", arguments: '{"city": "Paris"}' };
        await vendors[name].control("/__reset", {});
        await vendors[name].control("/__script", {
          queue: [{ answer: { tools: [call] } }],
          default: { answer: { text: "It rains." } },
        });
        const asked = [];
        const weather = tool({
          description: "Tells the weather.",
          inputSchema: jsonSchema(cities),
          execute: async ({ city }) => {
            asked.push(city);
            return "rain";
          },
        });
        const result = streamText(ask({ tools: { weather }, stopWhen: stepCountIs(3) }));
        assert.equal((await collect(result.textStream)).join(""), "It rains.");
        assert.deepEqual(asked, ["Paris"]);
        const [, second] = await vendors[name].journal();
        assert.match(JSON.stringify(second.body.messages), /call_1.*rain/);
      });

      test("an object by schema", async () => {
        // Of a model that it does not know, the Anthropic client asks for a tool of that schema.
        const json = '{"city": "Paris"}';
        const called = { id: "call_1", name: "json", arguments: json };
        await vendors[name].script({ answer: client === "anthropic" ? { tools: [called] } : { text: json } });
        const output = Output.object({ schema: jsonSchema(cities) });
        const result = await generateText(ask({ output }));
        assert.deepEqual(result.output, { city: "Paris" });
      });

      test("an error", async () => {
        await vendors[name].script({ fault: { kind: "status", code: 400, error: { message: "No such thing." } } });
        await assert.rejects(generateText(ask()), (error) => {
          assert.ok(APICallError.isInstance(error));
          assert.equal(error.statusCode, 400);
          assert.match(error.message, /No such thing/);
          return true;
        });
      });
    });
  }
}
