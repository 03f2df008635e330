// Shows the contract (openapi.json) as a page to read. Texts become text nodes, never markup.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
const PLACES = { path: "パス", query: "クエリ", header: "ヘッダー" };

/** An element with attributes and children; strings become text. */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

/** A description: what stands between backticks is code. */
function prose(text) {
  return (text ?? "").split("`").map((part, index) => (index % 2 ? element("code", null, part) : part));
}

/** Follows a reference within the document. */
function resolved(document_, schema) {
  if (!schema?.$ref) return schema ?? {};
  const target = schema.$ref.replace("#/", "").split("/").reduce((at, step) => at?.[step], document_);
  return { ...target, description: schema.description ?? target?.description };
}

/** The alternative of a schema that may be null that is not null. */
function plain(document_, schema) {
  const whole = resolved(document_, schema);
  const other = (whole.oneOf ?? whole.anyOf ?? []).find((option) => option.type !== "null");
  if (other && !whole.properties) return { ...resolved(document_, other), description: whole.description ?? resolved(document_, other).description };
  return whole;
}

/** A type in words. */
function typeOf(document_, schema) {
  const whole = plain(document_, schema);
  const types = [whole.type ?? "object"].flat().filter((type) => type !== "null");
  if (types.includes("array")) return `${typeOf(document_, whole.items)} の配列`;
  const words = { string: "文字列", integer: "整数", number: "数値", boolean: "真偽値", object: "オブジェクト" };
  const formats = { date: "日付", "date-time": "日時", password: "パスワード" };
  if (whole.enum) return whole.enum.map((value) => JSON.stringify(value)).join("・");
  return formats[whole.format] ?? types.map((type) => words[type] ?? type).join("・");
}

/** An example, from those that the schema gives. */
function exampleOf(document_, schema, depth = 0) {
  const whole = plain(document_, schema);
  if (whole.example !== undefined) return whole.example;
  if (whole.examples?.length) return whole.examples[0];
  if (whole.enum) return whole.enum[0];
  const type = [whole.type ?? "object"].flat().find((candidate) => candidate !== "null");
  if (depth > 5) return null;
  if (type === "array") return [exampleOf(document_, whole.items, depth + 1)];
  if (whole.properties) {
    const pairs = Object.entries(whole.properties);
    return Object.fromEntries(pairs.map(([name, property]) => [name, exampleOf(document_, property, depth + 1)]));
  }
  if (whole.format === "date") return "2026-04-01";
  if (whole.format === "date-time") return "2026-04-01T09:00:00.000+09:00";
  return { string: "文字列", integer: 1, number: 1.5, boolean: true }[type] ?? {};
}

/** All fields of a schema, with those of what it holds indented by their path. */
function fieldsOf(document_, schema, path = "", depth = 0) {
  const whole = plain(document_, schema);
  if (whole.items) return fieldsOf(document_, whole.items, `${path}[]`, depth);
  if (depth > 4) return [];
  return Object.entries(whole.properties ?? {}).flatMap(([name, property]) => {
    const here = path ? `${path}.${name}` : name;
    const row = { path: here, required: whole.required?.includes(name), type: typeOf(document_, property), text: property.description };
    return [row, ...fieldsOf(document_, property, here, depth + 1)];
  });
}

function table(heads, rows) {
  const head = element("tr", null, heads.map((text) => element("th", { scope: "col" }, text)));
  const body = rows.map((cells) => element("tr", null, cells.map((cell) => element("td", null, cell))));
  return element("div", { class: "wide", tabindex: "0" }, element("table", null, element("thead", null, head), element("tbody", null, body)));
}

function content(document_, media) {
  const parts = [];
  for (const [type, { schema, example }] of Object.entries(media ?? {})) {
    parts.push(element("p", null, element("code", null, type)));
    const rows = fieldsOf(document_, schema).map((field) => [
      element("code", null, field.path), field.type, field.required ? "必須" : "任意", element("span", null, prose(field.text)),
    ]);
    if (rows.length) parts.push(table(["項目", "型", "", "説明"], rows));
    if (type.includes("json")) {
      const text = JSON.stringify(example ?? exampleOf(document_, schema), null, 2);
      parts.push(element("details", null, element("summary", null, "例"), element("pre", { tabindex: "0" }, element("code", null, text))));
    }
  }
  return parts;
}

function parameters(operation) {
  const rows = (operation.parameters ?? []).map((parameter) => [
    element("code", null, parameter.name), PLACES[parameter.in] ?? parameter.in, parameter.required ? "必須" : "任意",
    element("span", null, prose(parameter.description)),
  ]);
  return rows.length ? [element("h4", null, "パラメータ"), table(["名前", "場所", "", "説明"], rows)] : [];
}

/** A problem's response names its kinds, each of which has an address that explains it. */
function problems(responses) {
  const kinds = responses.filter(([, response]) => response.content?.["application/problem+json"]);
  const rows = kinds.map(([status, response]) => [
    status,
    element("span", null, response.description.split(", ").flatMap((slug, index) => [index ? "、" : "", element("a", { href: `problems/${slug}` }, slug)])),
  ]);
  return rows.length ? element("details", null, element("summary", null, "エラー"), table(["ステータス", "種類"], rows)) : null;
}

function article(document_, { path, method, operation }) {
  const permission = operation.security?.[0]?.token?.[0];
  const responses = Object.entries(operation.responses ?? {});
  const good = responses.filter(([, response]) => !response.content?.["application/problem+json"]);
  const body = operation.requestBody;
  return element("article", { id: operation.operationId },
    element("h3", null, operation.summary ?? operation.operationId),
    element("p", { class: "call" }, element("span", { class: "method" }, method.toUpperCase()), path),
    element("p", { class: "permission" }, permission ? ["必要な権限：", element("code", null, permission)] : "サインイン不要"),
    operation.description ? element("p", null, prose(operation.description)) : null,
    parameters(operation),
    body ? [element("h4", null, "リクエスト"), content(document_, body.content)] : null,
    element("h4", null, "応答"),
    good.flatMap(([status, response]) => [element("p", null, element("strong", null, status), "　", prose(response.description)), ...content(document_, response.content)]),
    problems(responses));
}

function operationsOf(document_) {
  return Object.entries(document_.paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method] })));
}

function show(document_) {
  const main = document.getElementById("main");
  const index = document.getElementById("index");
  document.getElementById("title").textContent = document_.info.title;
  document.getElementById("about").textContent = `バージョン ${document_.info.version}　${document_.info.description ?? ""}`;
  main.replaceChildren();
  const entries = [];
  const operations = operationsOf(document_);
  for (const tag of document_.tags ?? []) {
    const own = operations.filter(({ operation }) => operation.tags?.includes(tag.name));
    if (!own.length) continue;
    const list = element("ul");
    const section = element("section", { "aria-labelledby": `tag-${tag.name}` }, element("h2", { id: `tag-${tag.name}` }, tag.description ?? tag.name));
    const heading = element("h2", null, tag.description ?? tag.name);
    for (const one of own) {
      const shown = article(document_, one);
      const link = element("li", null, element("a", { href: `#${one.operation.operationId}` }, one.operation.summary ?? one.operation.operationId));
      const words = [tag.description, one.path, one.method, one.operation.summary, one.operation.description, one.operation.security?.[0]?.token?.[0]];
      entries.push({ text: words.join(" ").toLowerCase(), parts: [shown, link], list, section, heading });
      section.append(shown);
      list.append(link);
    }
    main.append(section);
    index.append(heading, list);
  }
  document.getElementById("filter").addEventListener("input", (event) => filter(entries, event.target.value));
  filter(entries, "");
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

/** Shows what holds every word that was typed. */
function filter(entries, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  const open = new Set();
  for (const entry of entries) {
    const matches = words.every((word) => entry.text.includes(word));
    found += matches ? 1 : 0;
    for (const part of entry.parts) part.hidden = !matches;
    if (matches) open.add(entry.section);
  }
  for (const { section, list, heading } of entries) for (const part of [section, list, heading]) part.hidden = !open.has(section);
  document.getElementById("count").textContent = `${found}件の操作`;
}

fetch("openapi.json")
  .then((response) => (response.ok ? response.json() : Promise.reject(new Error(String(response.status)))))
  .then(show)
  .catch(() => {
    document.getElementById("state").textContent = "OpenAPI 文書を読み込めませんでした。時間をおいて再度お試しください。";
  });
