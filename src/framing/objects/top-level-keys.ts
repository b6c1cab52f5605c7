const string = /"(?:[^"\\]|\\.)*"?/sy

/**
 * The names of the members of the first JSON document in `text`, as far as `text` goes, and whether another document follows it.
 * What is no JSON has none.
 */
export function topLevelKeys(text: string): { keys: Set<string>; another: boolean } {
  const keys = new Set<string>()
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '"') {
      string.lastIndex = i
      const literal = string.exec(text)?.[0] ?? ''
      i += literal.length - 1
      if (depth === 1 && /^\s*:/.test(text.slice(i + 1, i + 9))) keys.add(literal.slice(1, -1))
    } else if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth <= 0) return { keys, another: /^\s*\{/.test(text.slice(i + 1)) }
  }
  return { keys, another: false }
}
