import type { Member } from './member.ts'

/** As in the configuration. */
export type Balance = 'failover' | 'round_robin' | 'least_loaded'

/** A batch that looks for an endpoint: it goes to each once. */
export interface Search {
  readonly tried: readonly Member[]
  readonly nowMs: number
}

/** The member that a batch goes to now: one that may be tried and is not busy. Undefined: there is none, or it has to wait. */
export type ChooseMember = (members: readonly Member[], search: Search) => Member | undefined

/** Remembers whose turn it is: one for each sink. Who takes over what another could not deliver keeps its turn. */
export function memberChooser(balance: Balance): ChooseMember {
  if (balance === 'failover') return firstInOrder
  return balance === 'round_robin' ? nextInTurn() : leastLoaded()
}

export function mayBeTried(member: Member, { tried, nowMs }: Search): boolean {
  return member.retryAtMs <= nowMs && !tried.includes(member)
}

/** Order is kept: while the first is busy nothing goes to those behind it. */
function firstInOrder(members: readonly Member[], search: Search): Member | undefined {
  const first = members.find((member) => mayBeTried(member, search))
  return first?.busy ? undefined : first
}

function nextInTurn(): ChooseMember {
  let turn = 0
  return (members, search) => {
    for (let i = 0; i < members.length; i++) {
      const at = (turn + i) % members.length
      const member = members[at] as Member
      if (member.busy || !mayBeTried(member, search)) continue
      if (search.tried.length === 0) turn = at + 1
      return member
    }
    return undefined
  }
}

/** Of those that have the same in hand the one that was chosen longest ago. */
function leastLoaded(): ChooseMember {
  let choices = 0
  return (members, search) => {
    let least: Member | undefined
    for (const member of members) {
      if (member.busy || !mayBeTried(member, search)) continue
      if (least === undefined || isBefore(member, least)) least = member
    }
    if (least !== undefined && search.tried.length === 0) least.chosen = ++choices
    return least
  }
}

function isBefore(a: Member, b: Member): boolean {
  return a.inHand === b.inHand ? a.chosen < b.chosen : a.inHand < b.inHand
}
