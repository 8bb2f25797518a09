/** Words of a language that may ask to opt out when they are the whole message. Case and accents make no difference. */
interface LanguageWords {
  /** BCP 47. */
  language: string;
  words: readonly string[];
}

/**
 * Words for "stop" and "unsubscribe" besides the keywords. Some are ordinary words, so an operator decides; the option
 * `replies.optOut.keywords.stop` makes a word opt out at once.
 */
export const REVIEW_WORDS: readonly LanguageWords[] = [
  {
    language: 'en',
    words: ['UNSUB', 'UNSUBSCRIBED', 'DESIST', 'NO MORE', 'STOP2QUIT', 'STOP2END', 'STOP2STOP'],
  },
  {
    language: 'fr',
    words: ['ARRETE', 'ARRETT', 'ARRETER', 'ARRETEZ', 'STOPPER', 'STOPPEZ', 'DESABONNER', 'DESINSCRIRE'],
  },
  {
    language: 'es',
    words: ['ALTO', 'BAJA', 'PARAR', 'PARE', 'DETENER', 'CANCELAR', 'DARME DE BAJA', 'ELIMINAR'],
  },
  { language: 'pt', words: ['SAIR', 'PARE', 'PARAR', 'PAREM', 'CANCELAR', 'REMOVER', 'DESCADASTRAR'] },
  { language: 'de', words: ['STOPP', 'ABMELDEN', 'ABMELDUNG', 'ABBESTELLEN', 'AUSTRAGEN', 'KÜNDIGEN'] },
  { language: 'it', words: ['BASTA', 'SMETTILA', 'FERMA', 'FERMATI', 'DISISCRIVI', 'ANNULLA', 'CANCELLAMI'] },
  { language: 'nl', words: ['AFMELDEN', 'UITSCHRIJVEN', 'STOPPEN'] },
  { language: 'sv', words: ['STOPP', 'SLUTA', 'AVREGISTRERA', 'AVSLUTA'] },
  { language: 'nb', words: ['STOPP', 'SLUTT', 'AVMELD', 'AVSLUTT'] },
  { language: 'da', words: ['AFMELD', 'FRAMELD', 'STANDS'] },
  { language: 'fi', words: ['LOPETA', 'SEIS', 'PERU', 'PERUUTA'] },
  { language: 'pl', words: ['WYPISZ', 'REZYGNUJE', 'ZATRZYMAJ', 'ANULUJ'] },
  { language: 'cs', words: ['ODHLASIT', 'ZRUSIT', 'KONEC'] },
  { language: 'hu', words: ['LEIRATKOZAS', 'LEIRATKOZOM', 'MEGALLJ'] },
  { language: 'ro', words: ['DEZABONARE', 'DEZABONEAZA', 'OPRESTE'] },
  { language: 'tr', words: ['IPTAL', 'DUR', 'DURDUR', 'RET'] },
  { language: 'id', words: ['BERHENTI', 'UNREG', 'HENTIKAN'] },
  { language: 'vi', words: ['DUNG', 'HUY', 'TU CHOI'] },
  { language: 'fil', words: ['TIGIL', 'ITIGIL', 'IHINTO'] },
  { language: 'ru', words: ['СТОП', 'ОТПИСАТЬСЯ', 'ОТПИСКА', 'ОТМЕНА', 'ХВАТИТ'] },
  { language: 'uk', words: ['СТОП', 'ВІДПИСАТИСЯ', 'ВІДПИСАТИСЬ', 'ГОДІ'] },
  { language: 'bg', words: ['СТОП', 'СПРИ', 'ОТКАЗ'] },
  { language: 'el', words: ['ΣΤΟΠ', 'ΔΙΑΚΟΠΗ', 'ΔΙΑΓΡΑΦΗ'] },
  { language: 'he', words: ['הסר', 'הסירו', 'הסרה', 'הפסק', 'הפסיקו', 'עצור'] },
  { language: 'ar', words: ['توقف', 'قف', 'إيقاف', 'إلغاء', 'إلغاء الاشتراك'] },
  { language: 'fa', words: ['لغو', 'لغو11', 'توقف'] },
  { language: 'hi', words: ['रोकें', 'रोको', 'बंद करो', 'बंद करें'] },
  { language: 'th', words: ['หยุด', 'ยกเลิก'] },
  { language: 'ko', words: ['수신거부', '중지', '그만', '해지'] },
  { language: 'ja', words: ['停止', '配信停止', '解除', 'ストップ'] },
  { language: 'zh', words: ['TD', '退订', '退訂', '停止', '取消订阅', '取消訂閱', '拒收'] },
];

/** Usual slips of the keyboard for STOP. */
export const STOP_SLIPS: readonly string[] = [
  ...[
    'stpo',
    'sotp',
    'tsop',
    'stp',
    'sto',
    'stip',
    'stopl',
    'stopp',
    'stoppp',
    'stoip',
    'stiop',
    'stoop',
    'sttop',
    'sstop',
  ],
  ...[
    'stoo',
    'stopo',
    'dtop',
    'atop',
    'wtop',
    'ztop',
    'styop',
    'srop',
    'sgop',
    'st op',
    's top',
    'sto p',
    'stop0',
    'st0p',
  ],
];
