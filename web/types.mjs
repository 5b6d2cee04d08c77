// types.mjs OPENAPI OUTPUT: the schemas of the API as TypeScript.
//
// `scripts/web check` feeds it what the program says of itself and lets the compiler compare: a field
// that the interface uses and the server no longer has is an error there. Answers always have all of
// their members, so every property of them is there; a body's are there if the server requires them.
import { readFileSync, writeFileSync } from "node:fs";

const [source, output] = process.argv.slice(2);
const { components, paths } = JSON.parse(readFileSync(source, "utf8"));

const bodies = new Set();
for (const item of Object.values(paths)) {
  for (const operation of Object.values(item)) {
    for (const { schema } of Object.values(operation.requestBody?.content ?? {})) {
      if (schema.$ref) bodies.add(nameOf(schema.$ref));
    }
  }
}

function nameOf(reference) {
  return reference.split("/").pop();
}

const scalars = { string: "string", integer: "number", number: "number", boolean: "boolean" };

function typeOf(schema, isBody) {
  if (schema === undefined || schema === true) return "unknown";
  if (schema.$ref) return nameOf(schema.$ref);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.map((choice) => typeOf(choice, isBody)).join(" | ");
  const kinds = [schema.type ?? "unknown"].flat();
  return kinds.map((kind) => typeOfKind(kind, schema, isBody)).join(" | ");
}

function typeOfKind(kind, schema, isBody) {
  if (kind === "null") return "null";
  if (kind === "array") return `(${typeOf(schema.items, isBody)})[]`;
  if (kind === "object") return membersOf(schema, isBody);
  return scalars[kind] ?? "unknown";
}

function membersOf(schema, isBody) {
  const required = new Set(schema.required);
  const members = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const mark = isBody && !required.has(name) ? "?" : "";
    return `${JSON.stringify(name)}${mark}: ${typeOf(property, isBody)};`;
  });
  if (schema.additionalProperties && members.length === 0)
    return `{ [name: string]: ${typeOf(schema.additionalProperties, isBody)} }`;
  if (members.length === 0) return "{ [name: string]: unknown }";
  return `{ ${members.join(" ")} }`;
}

const lines = Object.entries(components.schemas).map(
  ([name, schema]) => `export type ${name} = ${typeOf(schema, bodies.has(name))};`,
);
writeFileSync(output, `// Made by web/types.mjs.\n${lines.join("\n")}\n`);
