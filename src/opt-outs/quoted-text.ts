/** What iPhones and Androids send when a message is reacted to: the word for the reaction, then the message. */
const REACTION =
  /^\s*(?:liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted [^“"«]{1,40} to|removed (?:an? )?[^“"«]{1,40} from|(?:\p{Extended_Pictographic}|\u200d|\ufe0f){1,8}\s*to|a (?:aimé|adoré)|le (?:gustó|encantó)|gefällt|mag|liebt|hat [^“"«„]{1,40} auf)\s*[“"«„]/iu;

/** A quotation of several words; one word in quotes is the own text. */
const QUOTATION = /[“„«"][^“”„«»"\n]{1,1000}[”“»"]/gu;
const WORDS = /[\p{L}\p{N}]+/gu;

/** Lines of a mail that is answered. */
const QUOTED_LINE = /^\s*>.*$/gmu;

/** The text without what others have written: a reaction has nothing else. */
export function withoutQuotedText(text: string): string {
  if (REACTION.test(text)) return '';
  return text
    .replaceAll(QUOTED_LINE, ' ')
    .replaceAll(QUOTATION, (quotation) => ((quotation.match(WORDS) ?? []).length > 3 ? ' ' : quotation));
}

/** A line that phones, apps and people put below a message. */
const SIGNATURE =
  /^\s*(?:[-–—_*]{1,3}\s*(?:\p{L}[\p{L}.'’-]{0,30}\s*){0,4}$|(?:sent|shared) (?:from|via|with|by|using)\b|get outlook\b|envoyé (?:de|depuis|à partir)|enviado (?:desde|do|via)|von meinem\b|gesendet (?:von|mit)|inviato da|verstuurd vanaf|skickat från|отправлено с)/iu;

/** All that follows is a signature (RFC 3676, 4.3). */
const SIGNATURE_DELIMITER = /^\s*(?:--|__|—)\s*$/;

/** The first line with a text, if all lines below are a signature; else `null`. */
export function aboveSignature(text: string): string | null {
  const [first, ...rest] = text.split(/[\r\n\u2028]+/).filter((line) => /\S/.test(line));
  if (first === undefined || rest[0] === undefined) return null;
  return SIGNATURE_DELIMITER.test(rest[0]) || rest.every((line) => SIGNATURE.test(line)) ? first : null;
}
