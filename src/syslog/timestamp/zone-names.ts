/** Minutes east of UTC, one or more meanings a name; the first is the usual one. */
const names: Readonly<Record<string, readonly number[]>> = {
  UTC: [0],
  GMT: [0],
  UCT: [0],
  WET: [0],
  WEST: [60],
  CET: [60],
  CEST: [120],
  MET: [60],
  MEST: [120],
  MEZ: [60],
  MESZ: [120],
  EET: [120],
  EEST: [180],
  MSK: [180],
  TRT: [180],
  BST: [60, 360], // British summer, Bangladesh
  IST: [330, 120, 60], // India, Israel, Ireland in summer
  IDT: [180],
  EST: [-300],
  EDT: [-240],
  CST: [-360, 480, -300], // North America, China, Cuba
  CDT: [-300, -240], // North America, Cuba
  MST: [-420, 480], // North America, Malaysia
  MDT: [-360],
  PST: [-480, 480], // North America, Philippines
  PDT: [-420],
  AKST: [-540],
  AKDT: [-480],
  HST: [-600],
  AST: [-240, 180], // Atlantic, Arabia
  ADT: [-180],
  NST: [-210],
  NDT: [-150],
  BRT: [-180],
  SAST: [120],
  PKT: [300],
  NPT: [345],
  ICT: [420],
  WIB: [420],
  HKT: [480],
  SGT: [480],
  PHT: [480],
  AWST: [480],
  JST: [540],
  KST: [540],
  ACST: [570],
  ACDT: [630],
  AEST: [600],
  AEDT: [660],
  NZST: [720],
  NZDT: [780],
}

// RFC 5322 4.3 defines these eight, as RFC 822 did: North American, whatever else they mean elsewhere.
const definedByRfc5322 = new Set(['EST', 'EDT', 'CST', 'CDT', 'MST', 'MDT', 'PST', 'PDT'])

export function isZoneName(name: string): boolean {
  return Object.hasOwn(names, name)
}

/**
 * Minutes east of UTC that a zone's abbreviation means. A name with several meanings means `configured`, the offset of the
 * configured zone at that moment, when that is one of them. Undefined when it cannot be told.
 */
export function namedOffset(name: string, configured: number): number | undefined {
  if (!isZoneName(name)) return undefined
  const meanings = names[name] as readonly number[]
  if (meanings.length === 1 || meanings.includes(configured)) return meanings.length === 1 ? meanings[0] : configured
  return definedByRfc5322.has(name) ? meanings[0] : undefined
}
