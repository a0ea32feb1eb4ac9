/**
 * How requests say which resources they mean.
 *
 * @module
 */

import { Type } from 'typebox'

export const ResourceTypeParam = Type.String({
  minLength: 1,
  description: 'Known ones are machine, collect, alarm, deploy; others are open.',
})

export const ResourceIdParam = Type.String({ minLength: 1 })

/** The namespace that has to be named. */
export const NS = Type.String({ description: 'The path of the namespace; empty: the root.' })

export const TEMPLATE = Type.Optional(
  Type.Enum(['0', '1'], {
    description: '1: what an inner namespace hands on to new ones, in place of resources.',
  }),
)

/** Says whether templates are meant. */
export function isTemplate(template: string | undefined): boolean {
  return template === '1'
}
