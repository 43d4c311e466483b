/**
 * The invariant: every delivery that was accepted ends exactly once in posted, relayed, bounce recorded, bounced,
 * suppressed bounce, quarantined or parked, or is still queued. It is given what was accepted and what was seen, and
 * knows no door. A second copy needs an explanation: GroupServer had accepted the first and whoever asked could not know;
 * then both had the same Idempotency-Key.
 */
import { type Delivery, type End, type EndRule, ends, type Sighting } from './sighting.ts';

export interface Case {
  readonly accepted: readonly Delivery[];
  readonly sightings: readonly Sighting[];
  readonly mayEnd: EndRule;
  /** How often the program that delivered it was killed meanwhile, so that it could not tell of an answer. */
  readonly interrupted: (delivery: Delivery) => number;
}

export type ProblemKind =
  | 'lost'
  | 'doubled'
  | 'wrong end'
  | 'damaged'
  | 'never accepted'
  | 'two idempotency keys'
  | 'foreign idempotency key';

export interface Problem {
  readonly kind: ProblemKind;
  readonly mail: string;
  readonly recipient: string;
  readonly detail: string;
}

export interface Judgement {
  readonly deliveries: number;
  /** Each delivery counts once. */
  readonly ends: Readonly<Record<End, number>>;
  /** The reasons that were given for suppressed bounces and parked mail. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Deliveries that were seen more than once, by the explanation. */
  readonly copies: Readonly<Record<'answer lost' | 'killed' | 'parked as well', number>>;
  readonly problems: readonly Problem[];
}

/** Ends that nobody would notice twice: the mail is put aside, or nothing is sent. */
const silent: ReadonlySet<End> = new Set(['bounce suppressed', 'quarantined', 'parked', 'queued']);

/** Judges a run. */
export function judge({ accepted, sightings, mayEnd, interrupted }: Case): Judgement {
  const problems: Problem[] = [];
  const counts: Record<End, number> = {
    posted: 0,
    relayed: 0,
    'bounce recorded': 0,
    bounced: 0,
    'bounce suppressed': 0,
    quarantined: 0,
    parked: 0,
    queued: 0,
  };
  const reasons = new Map<string, number>();
  const copies = { 'answer lost': 0, killed: 0, 'parked as well': 0 };
  const seen = Map.groupBy(sightings, nameOf);
  const ownerOfKey = new Map<string, string>();

  for (const delivery of accepted) {
    const name = nameOf({ mail: delivery.mail.id, recipient: delivery.addressee.address });
    const found = distinct(seen.get(name) ?? []);
    seen.delete(name);
    const tell = (kind: ProblemKind, detail: string) =>
      problems.push({ kind, mail: delivery.mail.id, recipient: delivery.addressee.address, detail });

    const [first] = found;
    if (!first) {
      tell('lost', 'seen nowhere');
      continue;
    }
    counts[first.end] += 1;
    if (first.why !== undefined)
      reasons.set(`${first.end}: ${first.why}`, (reasons.get(`${first.end}: ${first.why}`) ?? 0) + 1);
    for (const sighting of found) {
      const wrong = mayEnd(delivery, sighting);
      if (wrong !== undefined) tell('wrong end', `${sighting.end}: ${wrong}`);
      if (sighting.isDamaged) tell('damaged', sighting.end);
    }
    const keys = new Set(found.filter(isAtGroupServer).map(({ key }) => key ?? 'none'));
    if (keys.size > 1 || keys.has('none')) tell('two idempotency keys', [...keys].join(' '));
    for (const key of keys) {
      const owner = ownerOfKey.get(key);
      if (owner !== undefined && owner !== name) tell('foreign idempotency key', `also of ${owner}`);
      ownerOfKey.set(key, name);
    }
    if (found.length > 1) {
      const why = explanation(found, interrupted(delivery));
      if (why === undefined)
        tell(
          'doubled',
          found.map(({ end, isAnswerLost }) => `${end}${isAnswerLost ? ' (answer lost)' : ''}`).join(', '),
        );
      else copies[why] += 1;
    }
  }
  for (const [{ mail, recipient, end } = { mail: '', recipient: '', end: '' }] of seen.values())
    problems.push({ kind: 'never accepted', mail, recipient, detail: end });
  return {
    deliveries: accepted.length,
    ends: counts,
    reasons: Object.fromEntries(reasons),
    copies,
    problems,
  };
}

function nameOf({ mail, recipient }: Pick<Sighting, 'mail' | 'recipient'>): string {
  return `${mail} ${recipient.toLowerCase()}`;
}

/** The copies of a delivery, the most final end first; what is put aside several times lies there once. */
function distinct(found: readonly Sighting[]): Sighting[] {
  const once = new Set<End>();
  const inOrder = found.toSorted((a, b) => ends.indexOf(a.end) - ends.indexOf(b.end) || a.at - b.at);
  return inOrder.filter(({ end }) => {
    const isNew = !once.has(end);
    once.add(end);
    return isNew || !silent.has(end);
  });
}

function isAtGroupServer({ end }: Sighting): boolean {
  return end === 'posted' || end === 'relayed' || end === 'bounce recorded';
}

/**
 * One copy may be known to whoever delivered it; every other one must be one that nobody could know of. Parked is a
 * notification, not a copy: SQS may hand it out again after it was parked. The ledger stops it when it is put back, which
 * a second judgement has to show.
 */
function explanation(found: readonly Sighting[], kills: number): keyof Judgement['copies'] | undefined {
  const known = found.filter(({ isAnswerLost }) => !isAnswerLost);
  if (known.length <= 1) return 'answer lost';
  if (known.length - kills <= 1) return 'killed';
  return known.filter(({ end }) => end !== 'parked').length <= 1 ? 'parked as well' : undefined;
}
