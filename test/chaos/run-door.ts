/**
 * One chaos run through one door: mail goes in while the schedule of incidents goes on, then all trouble ends, what waits
 * is tried until nothing is left, and the books are made up. Rejects when that cannot be done.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Addressee, type ChaosMail, plainMail, planMails } from './chaos-mail.ts';
import type { AcceptedMail, Door, Manner } from './door.ts';
import { type Incident, planIncidents } from './incident.ts';
import { type Judgement, judge } from './judge.ts';
import { watchProcesses } from './process-samples.ts';
import { createRandom } from './random.ts';
import { offer } from './smtp-client.ts';

export interface RunOptions {
  readonly mails: number;
  readonly seed: number;
  /** Told how far the run is. */
  readonly say: (what: string) => void;
}

/** The books of a run. */
export interface Ledger {
  readonly door: string;
  readonly seed: number;
  readonly seconds: number;
  readonly mails: number;
  readonly bytes: number;
  /** Recipients that were refused while the mail came in: their sender is told by whoever sent it. */
  readonly refused: number;
  readonly judgement: Judgement;
  /** The same when parked mail has been put back and tried again; undefined where none was parked. */
  readonly redriven: Judgement | undefined;
  readonly contradictions: readonly string[];
  readonly manners: readonly Manner[];
  /** How often what happened. */
  readonly incidents: Readonly<Record<string, number>>;
  readonly notes: Readonly<Record<string, number | string>>;
}

/** Mail that is sent at the same time, and that may wait for its first try. */
const senders = 4;
const backlogLimit = 30;

/** Milliseconds between two samples of the processes, and until a deferred mail is offered again. */
const samplePause = 250;
const offerPause = 2000;

/** Then something is wrong with the door. */
const mostOffers = 300;

/** Whether nothing is lost, doubled, contradictory or ill-mannered. */
export function isGood({ judgement, redriven, contradictions, manners }: Ledger): boolean {
  const problems = [...judgement.problems, ...(redriven?.problems ?? [])];
  return problems.length === 0 && contradictions.length === 0 && manners.every((manner) => manner.isGood);
}

/** Runs it; the door is still open afterwards. */
export async function runDoor(door: Door, { mails: count, seed, say }: RunOptions): Promise<Ledger> {
  const begun = performance.now();
  const random = createRandom(seed);
  const mails = planMails(count, seed, random.fork('mails'), door.senderDomain);
  const waiting = planIncidents(count, door.incidents, random.fork('incidents'));
  const happened = new Map<string, number>();
  const accepted: AcceptedMail[] = [];
  const again: Promise<void>[] = [];
  let [refused, bytes, sent] = [0, 0, 0];
  const isOver = new AbortController();

  /** Offers a mail once; gives the recipients that it has to be offered for again. */
  async function offerOnce(mail: ChaosMail, addressees: readonly Addressee[]): Promise<Addressee[]> {
    const recipients = addressees.map(({ address }) => address);
    const message = mail.bytes();
    const outcome = await offer(door.where, { sender: mail.sender, recipients, message });
    const taken = addressees.filter(({ address }) => outcome.accepted.includes(address));
    if (taken.length > 0) {
      bytes += message.length;
      accepted.push({ deliveries: taken.map((addressee) => ({ mail, addressee })), reply: outcome.reply });
    }
    refused += outcome.refused.length;
    return addressees.filter(({ address }) => outcome.deferred.includes(address));
  }

  /** As a mail server does: what was not accepted is offered again and again, while other mail goes on. */
  async function offerAgain(mail: ChaosMail, addressees: readonly Addressee[]): Promise<void> {
    let left = addressees;
    for (let tries = 0; left.length > 0; tries += 1) {
      if (tries > mostOffers) throw new Error(`${mail.id} is never accepted for ${left[0]?.address}`);
      await sleep(offerPause);
      left = await offerOnce(mail, left);
    }
  }

  async function sender(mailsLeft: Iterator<ChaosMail>): Promise<void> {
    for (let next = mailsLeft.next(); !next.done; next = mailsLeft.next()) {
      while (door.backlog() > backlogLimit) await sleep(20);
      const left = await offerOnce(next.value, next.value.addressees);
      if (left.length > 0) again.push(offerAgain(next.value, left));
      sent += 1;
    }
  }

  async function happen({ kind, random: own }: Incident): Promise<void> {
    const finer = await kind.run(own);
    const name = finer === undefined ? kind.name : `${kind.name}: ${finer}`;
    happened.set(name, (happened.get(name) ?? 0) + 1);
  }

  async function makeTrouble(): Promise<void> {
    for (const incident of waiting) {
      while (sent < incident.after && !isOver.signal.aborted) await sleep(5);
      await happen(incident);
    }
  }

  const samples = watchProcesses(() => (sent * 2 > count ? door.processes() : []));
  const watching = setInterval(() => {
    samples.take();
    say(
      `${sent} of ${count} mails sent, ${door.backlog()} to be tried, ${Math.round((performance.now() - begun) / 1000)} s`,
    );
  }, samplePause);
  let manners: Manner[] = [];
  try {
    const all = mails.values();
    const trouble = makeTrouble();
    await Promise.all([...Array.from({ length: senders }, () => sender(all)), trouble]);
    isOver.abort();
    await door.calm();
    await Promise.all(again);
    await door.drain((left) => say(`all sent, ${left} wait`));
    clearInterval(watching);
    const memory = samples.judge();
    if (memory) manners.push(memory);
    if (door.manners) {
      say('its manners');
      let further = count;
      const send = async (more: number) => {
        for (const end = further + more; further < end; further += 1) {
          const mail = plainMail(`chaos-${seed}-${further}-`, door.senderDomain(further));
          await offerAgain(mail, await offerOnce(mail, mail.addressees));
        }
      };
      manners = [...manners, ...(await door.manners(send))];
      await door.calm();
      await door.drain((left) => say(`after its manners, ${left} wait`));
    }
  } finally {
    isOver.abort();
    clearInterval(watching);
  }
  const look = async () => {
    const { notes, contradictions, ...seen } = await door.see(accepted);
    const judgement = judge({ ...seen, accepted: accepted.flatMap(({ deliveries }) => deliveries) });
    return { notes, contradictions, judgement };
  };
  const first = await look();
  let last = first;
  if (door.redrive && first.judgement.ends.parked > 0) {
    await door.redrive();
    await door.drain((left) => say(`after the parked mail was put back, ${left} wait`));
    last = await look();
  }
  return {
    door: door.name,
    seed,
    seconds: Math.round((performance.now() - begun) / 1000),
    mails: accepted.length,
    bytes,
    refused,
    judgement: first.judgement,
    redriven: last === first ? undefined : last.judgement,
    contradictions: [...new Set([...first.contradictions, ...last.contradictions])],
    manners,
    incidents: Object.fromEntries([...happened].toSorted(([a], [b]) => a.localeCompare(b))),
    notes: last.notes,
  };
}
