import { bodyDate } from './body-date.ts'
import { metadataFields } from './ecs-objects.ts'
import { anyObject, type Shape, topShapes } from './field-shapes.ts'
import { readJsonBody } from './json-body.ts'
import { type Fields, hasFields, isFields, mergeInto, mergeIntoOwn, nested } from './merge-into.ts'
import type { ParseOptions } from './message.ts'
import { define } from './structured-data.ts'

export interface JsonBodyOptions {
  /** `merge`: its fields at the top of the document. `nest`: all of it below `jsonField`. */
  readonly jsonBody: 'off' | 'merge' | 'nest'
  /** Dots make objects. With `merge` it takes what would collide. */
  readonly jsonField: string
}

/**
 * A message that is a JSON object gives its document its fields, its date and its `message`. One that only begins as an object stays text and
 * is tagged, and so is a document that has no place for some of its fields. What the document had before stays.
 */
export function addJsonBody(document: Fields, options: JsonBodyOptions, parse: ParseOptions): void {
  const text = document.message as string
  const body = readJsonBody(text)
  if (body === undefined) return
  if ('problem' in body) tag(document, body.problem)
  else addFields(document, body.fields, options, parse)
}

function addFields(document: Fields, fields: Fields, options: JsonBodyOptions, parse: ParseOptions): void {
  const date = bodyDate(fields, parse)
  if (date !== undefined) document['@timestamp'] = date.timestamp
  const ownMessage = Object.hasOwn(fields, 'message') && typeof fields.message === 'string'
  if (ownMessage) document.message = fields.message
  if (options.jsonBody === 'nest') {
    addBelow(document, options.jsonField, fields)
    return
  }
  const { fits, other } = arranged(fields, options.jsonField, (name) => {
    return (name === 'message' && ownMessage) || (name === '@timestamp' && date?.field === name)
  })
  for (const left of [other, mergeInto(document, fits)]) if (hasFields(left)) addBelow(document, options.jsonField, left)
}

/** Where even that place is taken the document says so. */
function addBelow(document: Fields, jsonField: string, fields: Fields): void {
  if (hasFields(mergeInto(document, nested(jsonField, fields)))) tag(document, 'json_conflict')
}

function tag(document: Fields, name: string): void {
  // The body may have brought some, a single one too.
  const { tags: before = [] } = document
  const tags: readonly unknown[] = Array.isArray(before) ? before : [before]
  if (!tags.includes(name)) document.tags = [...tags, name]
}

interface Parts {
  readonly fits: Fields
  /** For below `jsonField`. */
  readonly other: Fields
}

/** Fields for the top of a document, and those that a store would refuse there. What is `used` is in it already. */
function arranged(fields: Fields, jsonField: string, used: (name: string) => boolean): Parts {
  const to: Parts = { fits: {}, other: {} }
  const [jsonHead] = splitName(jsonField)
  for (const name of plainFirst(fields)) {
    if (used(name)) continue
    const value = fields[name]
    const [head, rest] = splitName(name)
    const shape = topShapes.get(head) ?? (head === jsonHead ? anyObject : undefined)
    if (metadataFields.has(head)) define(to.other, name, value)
    else if (shape === undefined) define(to.fits, name, value)
    else {
      // For the store `a.b` is the same field as the nested one.
      add(to, name, value, parted(shape, head, rest === '' ? value : nested(rest, value)))
    }
  }
  return to
}

/** Adds what became of the field `name`. */
function add(to: Parts, name: string, value: unknown, { fits, other }: Parts): void {
  for (const left of [mergeIntoOwn(to.fits, fits), other]) if (hasFields(mergeIntoOwn(to.other, left))) define(to.other, name, value)
}

/** Parts what is to stand at `name`: what fits there, and what a store would refuse because it is an object, or is none. */
function parted(shape: Shape, name: string, value: unknown): Parts {
  const fits: Fields = {}
  const other: Fields = {}
  if (shape.fields === undefined || !isFields(value)) {
    define(isLike(shape, value) ? fits : other, name, value)
    return { fits, other }
  }
  const own: Parts = { fits: {}, other: {} }
  for (const full of plainFirst(value)) {
    const [head, rest] = splitName(full)
    const inner = rest === '' ? value[full] : nested(rest, value[full])
    const known = shape.fields.get(head)
    add(own, full, value[full], known === undefined ? { fits: { [head]: inner }, other: {} } : parted(known, head, inner))
  }
  if (hasFields(own.other)) define<unknown>(other, name, own.other)
  if (hasFields(own.fits) || !hasFields(own.other)) define<unknown>(fits, name, own.fits)
  return { fits, other }
}

/** An array of objects is one object more often, for the store. */
function isLike({ fields }: Shape, value: unknown): boolean {
  if (fields === undefined) return !isFields(value) && !(Array.isArray(value) && value.some(isFields))
  return Array.isArray(value) && value.every((item) => isFields(item) && !hasFields(parted({ fields }, '', item).other))
}

/** What has no dots first: so the order in which they were sent does not matter, and none takes the place of another. */
function plainFirst(fields: Fields): string[] {
  const names = Object.keys(fields)
  const dotted = names.filter((name) => name.includes('.'))
  return dotted.length === 0 ? names : [...names.filter((name) => !name.includes('.')), ...dotted]
}

/** The part before the first dot, and what is behind it: empty where there is none. */
function splitName(name: string): [head: string, rest: string] {
  const dot = name.indexOf('.')
  return dot === -1 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)]
}
