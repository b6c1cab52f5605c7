import { z } from 'zod'
import type { ConfigPath } from './problems.ts'

/** The schema below `optional`, `default` and `prefault`. */
export function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
    inner = inner.unwrap() as z.ZodType
  return inner
}

/** The schema that stands at a path; `input` decides between the kinds of a `type`. Undefined where there is none. */
export function schemaAt(root: z.ZodType, path: ConfigPath, input: unknown): z.ZodType | undefined {
  let schema: z.ZodType | undefined = kindOf(unwrap(root), input)
  let value = input
  for (const part of path) {
    value = child(value, part)
    if (schema instanceof z.ZodObject) schema = own<z.ZodType>(schema.shape, part)
    else if (schema instanceof z.ZodRecord) schema = schema.valueType as z.ZodType
    else if (schema instanceof z.ZodArray) schema = schema.element as z.ZodType
    else return undefined
    if (schema === undefined) return undefined
    schema = kindOf(unwrap(schema), value)
  }
  return schema
}

function kindOf(schema: z.ZodType, value: unknown): z.ZodType {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema
  const type = child(value, schema.def.discriminator)
  return kinds(schema).find((kind) => kindName(kind) === type) ?? schema
}

/** The objects between which `type` chooses. */
export function kinds(schema: z.ZodType): z.ZodObject[] {
  return schema instanceof z.ZodDiscriminatedUnion ? (schema.options as z.ZodObject[]) : []
}

/** The value of `type` that chooses this object. */
export function kindName(kind: z.ZodObject): string {
  return String((kind.shape.type as z.ZodLiteral<string>).value)
}

/** The value at a key or index, without ever looking at prototypes. */
export function child(value: unknown, part: string | number): unknown {
  return typeof value === 'object' && value !== null ? own<unknown>(value, part) : undefined
}

function own<T>(value: object, key: string | number): T | undefined {
  return Object.hasOwn(value, key) ? (value as Record<string, T>)[key] : undefined
}
