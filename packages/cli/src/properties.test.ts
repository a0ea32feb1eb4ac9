import { expect, test } from 'vitest'
import { pathOf, pathText, splitPath } from './namespace-path.ts'
import { propertiesOf, propertiesText } from './properties.ts'

test('a property is what stands before and after the first "="', () => {
  expect(propertiesOf(['a=1', 'url=http://h/?x=y', 'empty='])).toEqual({
    a: '1',
    url: 'http://h/?x=y',
    empty: '',
  })
  for (const pair of ['a', '=b']) expect(() => propertiesOf([pair])).toThrow(/name=value/)
})

test('properties are shown by name, in quotes where they must be', () => {
  expect(propertiesText({ b: '1', a: 'x y', c: '', d: 'p=q' })).toBe('a="x y" b=1 c="" d="p=q"')
  expect(propertiesText({})).toBe('-')
})

test('a path may have a slash in front; the root is one', () => {
  expect(['/', '', '/shop/db', 'shop/db/'].map(pathOf)).toEqual(['', '', 'shop/db', 'shop/db'])
  expect(['', 'shop'].map(pathText)).toEqual(['/', 'shop'])
  expect(splitPath('/shop/db')).toEqual({ parent: 'shop', name: 'db' })
  expect(splitPath('shop')).toEqual({ parent: '', name: 'shop' })
  expect(() => splitPath('/')).toThrow(/root/)
})
