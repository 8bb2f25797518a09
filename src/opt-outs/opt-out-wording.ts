import { normalWords } from './normal-words.js';
import { REVIEW_WORDS, STOP_SLIPS } from './opt-out-words.js';

// All patterns match normalized words, as `normalWords` returns them.

const MESSAGES =
  '(?:texts?|messages?|msgs?|sms|txts?|texting|messaging|spam|notifications?|alerts?|promos?|promotions?|offers?|marketing|ads|advertis(?:ing|ements?))';
const DO_NOT = '(?:dont|do not|never|no longer|not to|stop)';
const WRITE = '(?:text|txt|message|msg|sms|write|e ?mail|contact|bother|bug|spam|harass)';
const WRITING =
  '(?:texting|txting|messaging|writing|e ?mailing|calling|contacting|bothering|bugging|spamming|harassing|pestering|annoying)';
const CONTACT = '(?:contact|communications?|correspondence)';
const ALL_THE = '(?:(?:all|the|these|those|this|that|your|any|getting|receiving|more|further|future) ){0,3}';

/**
 * Wording that may ask to opt out; an operator decides. Every pattern is a sequence without unbounded repetition, so that
 * matching takes linear time.
 */
const PATTERNS: readonly string[] = [
  // English
  `(?:stop|quit|cease|end|cancel|halt|discontinue) ${ALL_THE}${MESSAGES}`,
  `(?:stop|quit|cease) ${WRITING}`,
  `^(?:please )?(?:dont|do not|never) (?:${WRITE}|call)(?: please| pls| again)?$`,
  `(?:stop|end|cease|no more|no further) (?:all |any |this )?${CONTACT}`,
  'cease and desist',
  `refrain from ${ALL_THE}(?:${MESSAGES}|${WRITING}|${CONTACT})`,
  `(?:enough|done with|sick of|tired of) ${ALL_THE}${MESSAGES}`,
  `(?:stop|quit|cease) sending ${ALL_THE}(?:me|us|these|this|those|it|anything|stuff|${MESSAGES})`,
  `no (?:more|further) ${ALL_THE}${MESSAGES}`,
  `${DO_NOT} (?:ever )?(?:${WRITE}|call) (?:to )?(?:me|us|this number|this phone|here)(?: again| any ?more| ever| please|$)`,
  `(?:dont|do not) ${WRITE} (?:to )?(?:me|us|this number|this phone)`,
  `(?:dont|do not) send ${ALL_THE}(?:(?:me|us) )?${ALL_THE}(?:${MESSAGES}|anything)`,
  `${DO_NOT} (?:want|wish|care|like)(?: to)? (?:receive|receiving|be contacted|be texted|be messaged|hear from you|get ${ALL_THE}${MESSAGES})`,
  `${DO_NOT} want ${ALL_THE}${MESSAGES}`,
  '(?:take|get) (?:me|us|my number|this number|my name) off',
  '(?:want|let me) off (?:of )?(?:this|your|the) list',
  'get off my phone',
  '(?:remove|delete|erase) (?:me|us|my (?:phone )?number|this (?:phone )?number|my name|my contact|my info|my information|my details|my data)',
  '(?:unsubscribe|unsubscribed|unsubscribing|unsub|unsuscribe|deregister|opt(?:ing)? (?:me |us )?out|optout)',
  '(?:revoke|withdraw|revoking|withdrawing|do not|dont|do not give|dont give|never gave) (?:my |any )?consent',
  '(?:end|cancel|stop) (?:my |this |the )?subscription',
  '(?:never|did not|didnt) sign(?:ed)? up',
  '(?:who gave you|how did you get|where did you get) (?:me |my |this )?(?:phone |cell )?number',
  '(?:will|ill|going to|gonna) (?:report|sue) you',
  'hear from my (?:lawyer|attorney)',
  'my (?:lawyer|attorney) will (?:contact|call|be in touch|sue)',
  'number is no longer',
  'no longer (?:has|have|uses?) this (?:phone|number)',
  '(?:does not|doesnt) live here',
  'leave (?:me|us) alone',
  'lose (?:my|this) number',
  '(?:wrong|incorrect) (?:phone )?(?:number|person)',
  'not (?:my|the right|his|her) (?:phone )?number',
  '(?:do not|dont) (?:text|call|contact|disturb) (?:list|registry|register)',
  '(?:this is|reporting (?:this|you)(?: as| for)?|report(?:ed)?(?: this| you)? as) (?:spam|harassment)',
  '(?:go away|get lost|piss off|fuck off|bugger off|fuck you|screw you)',
  '^(?:im |i am |we are |sorry |no thanks |no thank you |no )?(?:not|no longer) interested(?: thanks| thank you| sorry)?$',
  '^(?:no stop|stop no|i said stop|i want to stop|i want this to stop|make it stop)$',
  // French
  '(?:arretez?|arreter|cessez|cesser|stoppez) (?:de (?:menvoyer|mecrire|me contacter|me deranger|mimportuner)|denvoyer|les|vos|ces|svp|sil vous plait|sil te plait)',
  '(?:desabonner|desabonnez|desabonnement|desinscrire|desinscrivez|desinscription)',
  'ne (?:plus )?(?:menvoyez|mecrivez|me contactez|menvoyer|mecrire|me contacter)(?: plus)?',
  'plus (?:de|aucun|vos) (?:messages?|sms|textos?|pub)',
  '(?:retirez|supprimez|enlevez) (?:moi|mon numero)',
  '(?:mauvais numero|laissez moi tranquille)',
  // Spanish
  'no (?:quiero que )?me (?:envien?|envies|manden?|mandes|escriban?|escribas|contacten|molesten?|molestes|llamen?|llames)',
  '(?:dejen?|deja|deje|paren?|para) de (?:enviar|enviarme|mandar|mandarme|escribir|escribirme|molestar|molestarme)',
  'no (?:quiero |deseo )?(?:recibir )?(?:mas|estos|sus) (?:mensajes|sms|textos)',
  'no (?:quiero|deseo) (?:recibir )?(?:mensajes|sms|textos)',
  '(?:dar|darme|darse|dame|deme|denme|quiero|pido|solicito)(?: de)? (?:la )?baja',
  '(?:numero equivocado|equivoc\\p{L}{1,5} (?:de )?numero|(?:borra|borren?|eliminen?|quiten?) mi numero|cancelar (?:la |mi )?suscripcion)',
  // German
  'keine (?:weiteren |mehr )?(?:sms|nachrichten|textnachrichten|werbung)',
  '(?:hort|hor|horen sie|hoer|hoeren sie)(?: bitte)? (?:auf|damit auf)',
  '(?:abmelden|abbestellen|austragen|abmeldung)',
  '(?:schreib|schreibt|schreiben sie|schicken sie|schickt) mir (?:bitte )?(?:nicht|nichts|keine)(?: mehr)?',
  '(?:falsche nummer|(?:lass|lasst|lassen sie) mich in ruhe)',
  '(?:losche|loscht|loschen sie)(?: bitte)? meine nummer',
  '(?:stop|end|quit|cancel)2(?:quit|end|stop|cancel|unsubscribe)',
  'un subscribe',
  // Chinese, which has no spaces
  '[^ ]{0,40}(?:退订|退訂|拒收|取消订阅|取消訂閱)[^ ]{0,40}',
];

const WORDING = new RegExp(`(?<![^ ])(?:${PATTERNS.join('|')})(?![^ ])`, 'u');

/** Words next to an opt-out keyword that do not change its meaning. */
const FILLERS = new Set(
  (
    'please pls plz pleese plese kindly now just it this that thanks thank you thx ok okay immediately asap already right again hi hello ' +
    'hey yes no all everything sir madam maam guys bitte danke svp merci por favor gracias'
  ).split(' '),
);

/**
 * The part of a text that may ask to opt out, without the private content around it; `null` when there is none.
 *
 * @param words The normalized words of a text that is not a keyword.
 * @param stopWords The normalized one-word keywords; together with nothing but filler words, they ask to opt out as well.
 */
export function optOutWording(words: string, stopWords: ReadonlySet<string>): string | null {
  if (WHOLE_MESSAGES.has(words)) return words;
  const [phrase] = WORDING.exec(words) ?? [];
  if (phrase !== undefined) return phrase.trim();
  const rest = words.split(' ').filter((word) => !FILLERS.has(word));
  if (WHOLE_MESSAGES.has(rest.join(' '))) return rest.join(' ');
  const [first] = rest;
  if (first === undefined) return null;
  if (rest.every((word) => stopWords.has(word))) return first;
  return rest.length === 1 && [...stopWords].some((keyword) => isSlipOf(first, keyword)) ? first : null;
}

/** Words that are the whole message. */
const WHOLE_MESSAGES = new Set(
  [...REVIEW_WORDS.flatMap(({ words }) => words), ...STOP_SLIPS].map(normalWords),
);

/** Keywords that are ordinary words: beside others they mean something else, such as an order. */
const ORDINARY = new Set(['end', 'cancel', 'quit', 'remove', 'revoke']);

/** In words: more is a text of its own. */
const MAX_BESIDE = 8;

/** What separates a keyword from a name, a signature or an effect that is beside it. */
const SEPARATORS = /[^\p{L}\p{M}\p{N}\p{Cf}\s'’]+|\s{2,}|[\r\n]+|^\s*no ?subject\s/giu;

/** The keyword that is set apart from the rest of a short text, as in `Stop - Maria`; `null` if there is none. */
export function besideKeyword(text: string, stopWords: ReadonlySet<string>): string | null {
  if (text.length > 500) return null;
  const parts = text.split(SEPARATORS).map(normalWords).filter(Boolean);
  if (parts.join(' ').split(' ').length > MAX_BESIDE) return null;
  return parts.find((part) => stopWords.has(part) && !ORDINARY.has(part)) ?? null;
}

/** Whether a word is a long keyword but for one letter, or two of the longest: added, left out, other, or swapped. */
function isSlipOf(word: string, keyword: string): boolean {
  const most = keyword.length >= 9 ? 2 : keyword.length >= 6 ? 1 : 0;
  // Without its first letters, UNSUBSCRIBE means the opposite.
  if (most === 0 || !word.startsWith(keyword.charAt(0))) return false;
  return Math.abs(word.length - keyword.length) <= most && distance(word, keyword) <= most;
}

/** Optimal string alignment distance. */
function distance(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next[j] = Math.min(
        (last[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, last] = [last, next];
  }
  return last[b.length] ?? 0;
}
