/* From a task type's JSON Schema to the fields of its form: references resolved, "or null" unwrapped,
   one kind of field for each. Draws nothing. */

import { parseKeeping } from '../lib/json_text.js';

/** @typedef {import('../components/field.js').Field} Field */

const DEPTH = 6;

/**
 * @param {any} schema of the payload
 * @param {any} example
 * @returns {Field[]}
 */
export function fieldsOf(schema, example) {
  const root = resolve(schema, schema);
  return objectFields(root, example ?? {}, '/payload', schema, 0);
}

/**
 * The fields with the values of a payload, as JSON source text: no digit is lost on the way. A member
 * that the payload lacks is ''.
 * @param {Field[]} fields
 * @param {string} source JSON text of an object
 * @returns {Field[]}
 */
export function withSources(fields, source) {
  const members = source.trimStart().startsWith('{') ? parseKeeping(source, fields.map((each) => each.name)) : {};
  return fields.map((each) => {
    const own = typeof members[each.name] === 'string' ? members[each.name] : '';
    // A field of one line would drop the line breaks of a text.
    const kind = each.kind === 'text' && /\\[nr]/.test(own) ? 'long' : each.kind;
    return { ...each, kind, source: own, fields: withSources(each.fields, own) };
  });
}

function objectFields(object, example, pointer, root, depth) {
  const required = new Set(object.required ?? []);
  return Object.entries(object.properties ?? {}).map(([name, raw]) =>
    field(name, raw, example?.[name], `${pointer}/${escape(name)}`, required.has(name), root, depth));
}

function field(name, raw, example, pointer, required, root, depth) {
  const { schema, nullable } = unwrap(resolve(raw, root), root, example);
  const kind = kindOf(schema, name, example, depth);
  return {
    name,
    pointer,
    kind,
    label: words(name),
    hint: [schema.description ?? raw.description, ...limits(schema)].filter(Boolean).join(' · '),
    required,
    nullable,
    refusesEmpty: schema.minLength > 0 || schema.pattern !== undefined,
    options: (schema.enum ?? (schema.const !== undefined ? [schema.const] : [])).map((v) => JSON.stringify(v)),
    fields: kind === 'object' ? objectFields(schema, example, pointer, root, depth + 1) : [],
    example: example ?? raw.default ?? schema.default,
  };
}

function resolve(schema, root) {
  let at = schema ?? {};
  for (let i = 0; i < DEPTH && at.$ref; i += 1) {
    const { $ref, ...beside } = at;
    const path = $ref.replace(/^#\//, '').split('/').map((p) => p.replaceAll('~1', '/').replaceAll('~0', '~'));
    at = { ...path.reduce((node, step) => node?.[step] ?? {}, root), ...beside };
  }
  return at;
}

function unwrap(schema, root, example) {
  const choices = (schema.anyOf ?? schema.oneOf ?? schema.allOf)?.map((choice) => resolve(choice, root));
  if (!choices) return { schema, nullable: false };
  const real = choices.filter((choice) => choice.type !== 'null');
  // Of "number or string" (how pydantic offers a Decimal) the example says which one people type.
  const numeric = (c) => c.type === 'number' || c.type === 'integer';
  const best = (typeof example === 'number' ? real.find(numeric) : null) ?? real[0] ?? {};
  return {
    schema: { description: schema.description, default: schema.default, ...best },
    nullable: real.length < choices.length,
  };
}

function kindOf(schema, name, example, depth) {
  if (schema.enum || schema.const !== undefined) return 'enum';
  if (schema.type === 'object' && schema.properties && depth < DEPTH) return 'object';
  if (['integer', 'number', 'boolean'].includes(schema.type)) return schema.type;
  if (schema.type !== 'string') return 'json';
  if (schema.format === 'email' || schema.format === 'date') return schema.format;
  const long = schema.maxLength >= 1000 || /\n|.{60}/.test(example ?? '') || /^(body|text|description)$/.test(name);
  return long ? 'long' : 'text';
}

/** What a field takes, as far as a person can come near it. */
function limits(schema) {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf, minLength, maxLength } = schema;
  return [
    exclusiveMinimum !== undefined && `must be greater than ${exclusiveMinimum}`,
    minimum !== undefined && `at least ${minimum}`,
    exclusiveMaximum !== undefined && `must be less than ${exclusiveMaximum}`,
    maximum < 1e9 && `at most ${maximum}`,
    multipleOf !== undefined && `in steps of ${multipleOf}`,
    minLength > 1 && minLength !== maxLength && `at least ${minLength} characters`,
    maxLength <= 200 && (minLength === maxLength ? `${maxLength} characters` : `up to ${maxLength} characters`),
    schema.format === 'date-time' && 'like 2026-01-31T12:00:00Z',
  ];
}

function words(name) {
  const text = name.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function escape(name) {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
