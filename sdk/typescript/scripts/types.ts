/** Makes TypeScript of the server's own descriptions. */

/** A JSON Schema, as far as the server's descriptions go. */
export interface Schema {
  $ref?: string;
  description?: string;
  const?: unknown;
  enum?: unknown[];
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  prefixItems?: Schema[];
  patternProperties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}

interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  description?: string;
  schema: Schema;
}

interface Content {
  content?: Record<string, { schema?: Schema }>;
}

interface Operation {
  summary: string;
  parameters: Parameter[];
  requestBody?: Content;
  responses: Record<string, Content>;
}

/** What of an OpenAPI document is read. */
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** What of an AsyncAPI document is read. */
export interface AsyncApi {
  components: { schemas: Record<string, Schema> };
}

const HEAD = `// Made by "npm run generate" of the server's /openapi.json and /asyncapi.json; a test fails when they differ.
`;

/** Returns the text of the module that holds all types of the protocol. */
export function moduleOf(openapi: OpenApi, asyncapi: AsyncApi): string {
  const schemas = { ...openapi.components.schemas, ...asyncapi.components.schemas };
  const names = Object.keys(schemas).sort();
  const types = names.map((name) => declaration(name, schemas[name] ?? {}));
  return [HEAD, ...types, operations(openapi)].join("\n");
}

function declaration(name: string, schema: Schema): string {
  const doc = comment(schema.description, "");
  if (schema.properties && !schema.oneOf && !schema.anyOf && !schema.allOf && !schema.$ref) {
    return `${doc}export interface ${name} ${object(schema, "")}\n`;
  }
  return `${doc}export type ${name} = ${typeOf(schema, "")};\n`;
}

/** Everything that a schema says holds at once; so the parts are joined by "&". */
function typeOf(schema: Schema, indent: string): string {
  const parts: string[] = [];
  if (schema.$ref) parts.push(schema.$ref.replace(/^.*\//, ""));
  if (schema.properties || schema.patternProperties) parts.push(object(schema, indent));
  for (const all of schema.allOf ?? []) parts.push(typeOf(all, indent));
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (alternatives) parts.push(union(alternatives.map((one) => typeOf(one, indent))));
  if (parts.length === 0) return plain(schema, indent);
  return parts.map((part) => (parts.length > 1 && part.includes(" | ") ? `(${part})` : part)).join(" & ");
}

function plain(schema: Schema, indent: string): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)));
  const types = Array.isArray(schema.type) ? schema.type : schema.type ? [schema.type] : [];
  if (types.length === 0) return "{}";
  return union(types.map((type) => ofType(type, schema, indent)));
}

function ofType(type: string, schema: Schema, indent: string): string {
  switch (type) {
    case "integer":
    case "number":
      return "number";
    case "array":
      if (schema.prefixItems) return `[${schema.prefixItems.map((item) => typeOf(item, indent)).join(", ")}]`;
      return array(typeOf(schema.items ?? {}, indent));
    case "object":
      return "Record<string, unknown>";
    default:
      return type;
  }
}

function array(item: string): string {
  return /^[\w.]+$/.test(item) ? `${item}[]` : `Array<${item}>`;
}

function union(types: string[]): string {
  return [...new Set(types)].join(" | ");
}

function object(schema: Schema, indent: string): string {
  const pattern = Object.values(schema.patternProperties ?? {})[0];
  if (pattern) return `Record<string, ${typeOf(pattern, indent)}>`;
  const inner = `${indent}  `;
  const required = new Set(schema.required);
  const lines = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const optional = !required.has(name);
    const type = typeOf(optional ? withoutNull(property) : property, inner);
    return `${comment(property.description, inner)}${inner}${name}${optional ? "?" : ""}: ${type};\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}

/** What may be left out is left out, never null. */
function withoutNull(schema: Schema): Schema {
  const isNull = (one: Schema) => one.type === "null";
  if (schema.anyOf?.some(isNull)) return { ...schema, anyOf: schema.anyOf.filter((one) => !isNull(one)) };
  if (Array.isArray(schema.type)) return { ...schema, type: schema.type.filter((type) => type !== "null") };
  return schema;
}

function comment(text: string | undefined, indent: string): string {
  return text ? `${indent}/** ${text.replaceAll("*/", "*\\/").replaceAll("\n", `\n${indent} * `)} */\n` : "";
}

function operations(openapi: OpenApi): string {
  const lines = Object.entries(openapi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const name = JSON.stringify(`${method.toUpperCase()} ${path}`);
      return `${comment(operation.summary, "  ")}  ${name}: ${signature(operation)};\n`;
    }),
  );
  return `/** Every operation of the HTTP API: what it takes and what it answers. */
export interface Operations {\n${lines.join("")}}\n`;
}

function signature(operation: Operation): string {
  const query = operation.parameters.filter((parameter) => parameter.in === "query");
  const names = operation.parameters.filter((parameter) => parameter.in === "path");
  const fields = [
    ["path", object({ properties: properties(names), required: names.map((one) => one.name) }, "    ")],
    ["query", object({ properties: properties(query), required: required(query) }, "    ")],
    ["body", content(operation.requestBody) ?? "undefined"],
    ["answer", answers(operation)],
  ];
  return `{\n${fields.map(([name, type]) => `    ${name}: ${type?.replace("{\n    }", "{}")};\n`).join("")}  }`;
}

function properties(parameters: Parameter[]): Record<string, Schema> {
  const entry = ({ name, description, schema }: Parameter) => [
    name,
    { ...schema, ...(description && { description }) },
  ];
  return Object.fromEntries(parameters.map(entry));
}

function required(parameters: Parameter[]): string[] {
  return parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name);
}

function answers(operation: Operation): string {
  const good = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
  return union(good.map(([, response]) => content(response) ?? "undefined"));
}

function content(from: Content | undefined): string | undefined {
  const schema = from?.content?.["application/json"]?.schema;
  return schema && typeOf(schema, "    ");
}
