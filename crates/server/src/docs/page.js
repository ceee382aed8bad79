// The page of /docs: reads openapi.json beside it, shows every path, and tries calls.
// It makes no request but to this gateway, and puts text from outside into the page as text alone.
"use strict";
const $ = id => document.getElementById(id);
// Relative to the page, so that it also works where the router is nested under a path.
const base = location.pathname.replace(/\/docs\/?$/, "");
const keyOf = () => $("key").value.trim();
let doc;

/** An element with attributes, handlers and children; strings become text. */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child != null));
  return element;
}

/** Paragraphs of Markdown as far as the document uses it: blank lines and `code`. */
function prose(text = "") {
  return text.split(/\n\s*\n/).map(part =>
    el("p", {}, ...part.split(/`([^`]+)`/).map((piece, at) => at % 2 ? el("code", {}, piece) : piece)));
}

/** What a reference stands for. */
function solve(value) {
  const path = value?.$ref;
  return path ? path.slice(2).split("/").reduce((at, key) => at[key.replace(/~1/g, "/").replace(/~0/g, "~")], doc) : value;
}

const nameOf = schema => schema?.$ref?.split("/").pop();

/** A type in words. */
function words(schema) {
  if (schema === true || !schema || !Object.keys(schema).length) return "anything";
  const name = nameOf(schema);
  if (name) return name;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map(value => JSON.stringify(value)).join(" | ");
  const choice = schema.anyOf || schema.oneOf;
  if (choice) return choice.map(words).filter(word => word !== "null").join(" | ");
  const types = [].concat(schema.type || "object").filter(type => type !== "null");
  if (!types.length) return "null";
  return types.map(type => type === "array" ? `[${words(schema.items)}]` : type).join(" | ");
}

/** The members of an object's schema, one row each; types with names open on demand. */
function members(schema, seen = []) {
  const solved = solve(schema) || {};
  const choice = solved.oneOf || solved.anyOf;
  if (choice) {
    return el("div", {}, ...choice.map(one => el("details", {}, el("summary", {}, el("code", {}, label(one)), el("span", {}, one.description || "")), members(one, seen))));
  }
  if (solved.type === "array") return members(solved.items, seen);
  const needs = solved.required || [];
  // What is required comes first, and the model with it.
  const rank = ([name]) => needs.includes(name) ? 0 : name === "model" ? 1 : 2;
  const rows = Object.entries(solved.properties || {}).sort((a, b) => rank(a) - rank(b)).map(([name, member]) => {
    const needed = needs.includes(name);
    const about = member.description || solve(member)?.description;
    return el("tr", {},
      el("td", {}, el("code", {}, name), needed ? el("span", { class: "need", title: "required" }, " *") : null),
      el("td", {}, el("div", { class: "type" }, words(member)), ...prose(about), ...deeper(member, seen)));
  });
  return rows.length ? el("table", {}, ...rows) : el("p", { class: "type" }, words(solved));
}

function label(schema) {
  const kind = Object.values(schema.properties || {}).find(member => member.const !== undefined);
  return kind ? String(kind.const) : words(schema);
}

/** Named types below a member, closed. Made when opened: some go round in a circle. */
function deeper(member, seen) {
  const found = [member, member.items, ...(member.anyOf || []), ...(member.anyOf || []).map(one => one.items)];
  const names = [...new Set(found.map(nameOf).filter(name => name && !seen.includes(name)))];
  return names.filter(name => { const is = doc.components.schemas[name]; return is.properties || is.oneOf || is.anyOf; })
    .map(name => lazy(name, () => members({ $ref: `#/components/schemas/${name}` }, [...seen, name])));
}

function lazy(title, make) {
  const details = el("details", { toggle: () => { if (details.open && details.children.length === 1) details.append(make()); } }, el("summary", {}, el("code", {}, title)));
  return details;
}

/** A shell word. */
const quoted = text => `'${text.replaceAll("'", "'\\''")}'`;

/** Everything that one call needs, read from its form at the moment of asking. */
function request(form, { method, path, operation }) {
  let filled = path;
  const headers = {};
  for (const input of form.querySelectorAll("[data-in]")) {
    const value = input.value.trim(), name = input.dataset.name;
    if (input.dataset.in === "path") filled = filled.replace(`{${name}}`, name === "id" ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value));
    else if (value) headers[name] = value;
  }
  const body = form.querySelector("textarea")?.value;
  if (body !== undefined) headers["content-type"] = "application/json";
  const key = keyOf();
  if (key && operation.tags.includes("Anthropic")) headers["x-api-key"] = key;
  else if (key) headers.authorization = `Bearer ${key}`;
  return { method: method.toUpperCase(), url: location.origin + base + filled, headers, body };
}

function curl({ method, url, headers, body }) {
  const parts = [`curl ${quoted(url)}`];
  if (body === undefined && method !== "GET") parts.push(`-X ${method}`);
  for (const [name, value] of Object.entries(headers)) {
    // The key is in the page; a command that is pasted somewhere need not have it.
    if (name === "authorization") parts.push(`-H "authorization: Bearer $API_KEY"`);
    else if (name === "x-api-key") parts.push(`-H "x-api-key: $API_KEY"`);
    else parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  }
  if (body !== undefined) {
    if (/"stream":\s*true/.test(body) || url.endsWith("/stream")) parts[0] = parts[0].replace("curl", "curl -N");
    parts.push(`-d ${quoted(body)}`);
  }
  return parts.join(" \\\n  ");
}

/** The text that a stream's events have said so far. */
function spoken(raw) {
  let text = "";
  for (const line of raw.split("\n")) {
    if (!line.startsWith("data:")) continue;
    try {
      const event = JSON.parse(line.slice(5));
      text += event.choices?.[0]?.delta?.content ?? event.choices?.[0]?.text ?? event.delta?.text ?? "";
      if (event.error) text += `\n[error] ${event.error.message}`;
    } catch { /* `[DONE]`, or a line that has not come whole. */ }
  }
  return text;
}

function shown(type, raw) {
  if (type.includes("event-stream")) return spoken(raw);
  if (type.includes("json")) try { return JSON.stringify(JSON.parse(raw), null, 2); } catch { /* Not whole yet. */ }
  return raw;
}

/** The form that tries one path. */
function trial(place) {
  const { operation } = place;
  const inputs = (operation.parameters || []).map(solve).filter(p => p.in !== "header" || p.name !== "x-request-id").map(parameter =>
    el("label", {}, el("code", {}, parameter.name), el("input", { "data-in": parameter.in, "data-name": parameter.name, required: parameter.required === true, value: parameter.in === "path" ? String(parameter.example ?? "") : "", title: parameter.description })));
  const example = operation.requestBody?.content["application/json"].example;
  const body = example && el("textarea", { spellcheck: "false", "aria-label": "Request body" });
  const send = el("button", { class: "send", type: "submit" }, "Send"), stop = el("button", { type: "button", disabled: true }, "Stop");
  const state = el("span", { role: "status" }), said = el("pre", {}), head = el("details", { hidden: true }, el("summary", {}, "Headers of the answer"), said), answer = el("pre", { hidden: true, "aria-live": "polite", tabindex: "0" }), command = el("pre", { tabindex: "0" });
  const streams = operation.responses["200"].content?.["text/event-stream"];
  const stream = streams && el("input", { type: "checkbox" }), events = streams && el("input", { type: "checkbox" });
  let leaving, raw = "", type = "";

  const draw = () => { answer.hidden = !raw; answer.textContent = events?.checked ? raw : shown(type, raw); };
  const copy = el("button", { type: "button", click: async () => {
    try { await navigator.clipboard.writeText(command.textContent); copy.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(command); copy.textContent = "Selected"; }
  } }, "Copy curl");
  const refresh = () => { command.textContent = curl(request(form, place)); copy.textContent = "Copy curl"; };
  const fill = () => {
    for (const input of form.querySelectorAll("[data-name=model], [data-name=id]")) input.value = $("model").value || input.value;
    if (!body) return refresh();
    let value;
    try { value = JSON.parse(body.value || JSON.stringify(example)); } catch { return refresh(); }
    if ("model" in value && $("model").value) value = { ...value, model: $("model").value };
    if (stream) value.stream = stream.checked;
    body.value = JSON.stringify(value, null, 2);
    refresh();
  };
  const form = el("form", { submit: async event => {
    event.preventDefault();
    const { method, url, headers, body: text } = request(form, place);
    leaving = new AbortController();
    raw = type = ""; draw(); head.hidden = true;
    send.disabled = true; stop.disabled = false; state.className = ""; state.textContent = "Waiting …";
    const started = performance.now(), since = () => `${Math.round(performance.now() - started)} ms`;
    try {
      const response = await fetch(url, { method, headers, body: text, signal: leaving.signal, credentials: "omit" });
      const first = since();
      type = response.headers.get("content-type") || "";
      state.className = response.ok ? "ok" : "bad";
      state.textContent = `${response.status} after ${first}`;
      said.textContent = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n"); head.hidden = false;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part; !(part = await reader.read()).done;) { raw += part.value; draw(); }
      state.textContent = `${response.status} after ${first}, complete after ${since()}`;
    } catch (error) {
      state.className = "bad";
      state.textContent = error.name === "AbortError" ? `Stopped after ${since()}` : `No answer: ${error.message}`;
    }
    draw(); send.disabled = false; stop.disabled = true;
  }, input: refresh },
    inputs.length ? el("div", { class: "row" }, ...inputs) : null, body || null,
    el("div", { class: "row" }, send, stop,
      stream ? el("label", {}, stream, "stream") : null, events ? el("label", {}, events, "show the events") : null, copy, state),
    answer, head, command);
  stop.addEventListener("click", () => leaving?.abort());
  stream?.addEventListener("change", fill);
  events?.addEventListener("change", draw);
  // Ctrl+Enter sends from within the body.
  form.addEventListener("keydown", event => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); } });
  if (stream) stream.checked = example?.stream === true;
  for (const id of ["model", "key"]) $(id).addEventListener("input", fill);
  fill();
  return form;
}

function answers(operation) {
  const told = Object.entries(operation.responses).map(([status, answer]) => [status, solve(answer)]);
  return el("table", {}, ...told.map(([status, told]) => el("tr", {},
    el("td", {}, el("code", {}, status)),
    el("td", {}, ...prose(told.description), ...Object.entries(told.content || {}).map(([type, { schema }]) => {
      // Of a stream, what each event holds.
      const data = schema.properties?.data;
      const event = (data?.anyOf || [data]).find(one => one?.contentSchema)?.contentSchema || schema;
      return lazy(`${type}: ${words(event)}`, () => members(event));
    })))));
}

/** One path, closed; its inside is made when it is first opened. */
function article(place) {
  const { method, path, operation } = place;
  const details = el("details", { toggle: () => {
    if (!details.open || details.children.length > 1) return;
    const body = operation.requestBody?.content["application/json"].schema;
    details.append(el("div", { class: "about" }, ...prose(operation.description)), el("h3", {}, "Try it"), trial(place));
    if (body) details.append(el("h3", {}, "Body"), members(body));
    details.append(el("h3", {}, "Answers"), answers(operation));
  } },
    el("summary", {}, el("b", { class: `method ${method}` }, method.toUpperCase()), el("code", { class: "path" }, path), el("span", {}, operation.summary)));
  return el("article", { id: operation.operationId }, details);
}

function open(id, scroll) {
  const details = $(id)?.querySelector("details");
  if (!details) return;
  details.open = true;
  if (scroll) { $(id).scrollIntoView(); details.firstChild.focus({ preventScroll: true }); }
}

function build() {
  $("version").textContent = doc.info.version;
  $("about").replaceWith(el("div", { class: "about" }, ...prose(doc.info.description)));
  const places = Object.entries(doc.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  for (const { name, description } of doc.tags) {
    const ours = places.filter(place => place.operation.tags.includes(name));
    $("paths").append(el("section", {}, el("h2", {}, name), ...prose(description), ...ours.map(article)));
    $("list").append(el("section", {}, el("h2", {}, name), ...ours.map(({ path, method, operation }) =>
      el("a", { href: `#${operation.operationId}`, title: operation.summary }, el("b", { class: `method ${method}` }, method.toUpperCase()), path))));
  }
  addEventListener("hashchange", () => open(location.hash.slice(1), true));
  open(location.hash.slice(1) || "createChatCompletion", Boolean(location.hash));
}

function theme(value) {
  if (value) document.documentElement.dataset.theme = value; else delete document.documentElement.dataset.theme;
  $("theme").value = value;
}

$("sdk").textContent = `OpenAI(base_url="${location.origin}${base}/v1", api_key="any")\nAnthropic(base_url="${location.origin}${base}", api_key="any")`;
try { theme(localStorage.getItem("tollgate-theme") || ""); } catch { /* No storage here. */ }
$("theme").addEventListener("change", event => { theme(event.target.value); try { localStorage.setItem("tollgate-theme", event.target.value); } catch { /* Not kept, then. */ } });
$("find").addEventListener("input", event => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const link of $("list").querySelectorAll("a")) link.hidden = !`${link.textContent} ${link.title}`.toLowerCase().includes(wanted);
});
addEventListener("keydown", event => {
  if (event.key === "/" && !event.target.closest("input, textarea, select")) { event.preventDefault(); $("find").focus(); }
});
(async () => {
  try {
    const [told, models] = await Promise.all(["/openapi.json", "/v1/models"].map(async path => {
      const response = await fetch(base + path, { credentials: "omit" });
      if (!response.ok) throw new Error(`${path} gave ${response.status}`);
      return response.json();
    }));
    doc = told;
    for (const { id } of models.data) $("model").append(new Option(id));
    build();
  } catch (error) { $("failed").textContent = `The gateway's document cannot be shown: ${error.message}`; }
})();
