import { bodyDate } from './body-date.ts'
import { ecsObjects, metadataFields } from './ecs-objects.ts'
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
 * is tagged. What the document had before stays.
 */
export function addJsonBody(document: Fields, options: JsonBodyOptions, parse: ParseOptions): void {
  const text = document.message as string
  const body = readJsonBody(text)
  if (body === undefined) return
  if ('problem' in body) {
    document.tags = [...((document.tags as readonly string[] | undefined) ?? []), body.problem]
    return
  }
  const { fields } = body
  const date = bodyDate(fields, parse)
  if (date !== undefined) document['@timestamp'] = date.timestamp
  const ownMessage = Object.hasOwn(fields, 'message') && typeof fields.message === 'string'
  if (ownMessage) document.message = fields.message
  if (options.jsonBody === 'nest') {
    mergeInto(document, nested(options.jsonField, fields))
    return
  }
  const { top, below } = arranged(fields, options.jsonField, (name) => {
    return (name === 'message' && ownMessage) || (name === '@timestamp' && date?.field === name)
  })
  for (const left of [below, mergeInto(document, top)]) if (hasFields(left)) mergeInto(document, nested(options.jsonField, left))
}

/** `a.b`, no more than 16 deep, as loggers of the Elastic Common Schema write `"log.level": "info"`. */
const dotted = /^[^.]+(?:\.[^.]+){1,15}$/

/** Fields for the top of a document, and those that no store would take there. What is `used` is in it already. */
function arranged(fields: Fields, jsonField: string, used: (name: string) => boolean): { top: Fields; below: Fields } {
  const top: Fields = {}
  const below: Fields = {}
  const jsonHead = headOf(jsonField)
  for (const [name, value] of Object.entries(fields)) {
    if (used(name)) continue
    const head = headOf(name)
    const mustBeObject = ecsObjects.has(head) || head === jsonHead
    if (mustBeObject && dotted.test(name)) {
      // For the store that is the same field as the nested one.
      if (hasFields(mergeIntoOwn(top, nested(name, value)))) define(below, name, value)
    } else if (metadataFields.has(name) || (mustBeObject && !isObject(value))) {
      define(below, name, value)
    } else {
      mergeIntoOwn(below, mergeIntoOwn(top, { [name]: value }))
    }
  }
  return { top, below }
}

function headOf(name: string): string {
  const dot = name.indexOf('.')
  return dot === -1 ? name : name.slice(0, dot)
}

/** An array of objects is one object more often, for the store. */
function isObject(value: unknown): boolean {
  return isFields(value) || (Array.isArray(value) && value.every(isFields))
}
