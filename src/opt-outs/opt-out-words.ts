/** Words of a language that may ask to opt out when they are the whole message. Case and accents make no difference. */
interface LanguageWords {
  /** BCP 47. */
  language: string;
  /** Who names these words. */
  source: string;
  words: readonly string[];
}

/** Not from a list: what a speaker of the language would write. */
const PLAIN = 'the plain words for stop, end and unsubscribe';

/**
 * Words for "stop" and "unsubscribe" besides the keywords. Some are ordinary words, so an operator decides; the option
 * `replies.optOut.keywords.stop` makes a word opt out at once.
 */
export const REVIEW_WORDS: readonly LanguageWords[] = [
  {
    language: 'en',
    source:
      'texts that providers opt out for besides the keywords: ivipmobile.com/faqs, tldcrm.com; STOP2QUIT: carriers',
    words: [
      ...['UNSUB', 'UNSUBSCRIBED', 'DESIST', 'CEASE', 'DISCONTINUE', 'NO MORE', 'I WANT OUT'],
      ...[
        'BLOCK',
        'BLOCKED',
        'SPAM',
        'NO SPAM',
        'SCAM',
        'REPORTED',
        'SHUT UP',
        'ENOUGH',
        'ENOUGH ALREADY',
        'KNOCK IT OFF',
        'F OFF',
      ],
      ...['STOP2QUIT', 'STOP2END', 'STOP2STOP'],
    ],
  },
  {
    language: 'fr',
    source:
      'ARRET is required in Canada: docs.aws.amazon.com/sms-voice, keywords-required; its forms and slips',
    words: ['ARRETE', 'ARRETT', 'ARRETER', 'ARRETEZ', 'STOPPER', 'STOPPEZ', 'DESABONNER', 'DESINSCRIRE'],
  },
  {
    language: 'es',
    source: 'BAJA and its forms: test suites of public repositories',
    words: [
      'ALTO',
      'BAJA',
      'PARAR',
      'PARE',
      'DETENER',
      'CANCELAR',
      'DARME DE BAJA',
      'LA BAJA',
      'DESUSCRIBIR',
      'DESUSCRIBIRME',
      'ELIMINAR',
    ],
  },
  {
    language: 'pt',
    source: PLAIN,
    words: ['SAIR', 'PARE', 'PARAR', 'PAREM', 'CANCELAR', 'REMOVER', 'DESCADASTRAR'],
  },
  {
    language: 'de',
    source: PLAIN,
    words: ['STOPP', 'ABMELDEN', 'ABMELDUNG', 'ABBESTELLEN', 'AUSTRAGEN', 'KÜNDIGEN'],
  },
  {
    language: 'it',
    source: PLAIN,
    words: ['BASTA', 'SMETTILA', 'FERMA', 'FERMATI', 'DISISCRIVI', 'ANNULLA', 'CANCELLAMI'],
  },
  { language: 'nl', source: PLAIN, words: ['AFMELDEN', 'UITSCHRIJVEN', 'STOPPEN'] },
  { language: 'sv', source: PLAIN, words: ['STOPP', 'SLUTA', 'AVREGISTRERA', 'AVSLUTA'] },
  { language: 'nb', source: PLAIN, words: ['STOPP', 'SLUTT', 'AVMELD', 'AVSLUTT'] },
  { language: 'da', source: PLAIN, words: ['AFMELD', 'FRAMELD', 'STANDS'] },
  { language: 'fi', source: PLAIN, words: ['LOPETA', 'SEIS', 'PERU', 'PERUUTA'] },
  { language: 'pl', source: PLAIN, words: ['WYPISZ', 'REZYGNUJE', 'ZATRZYMAJ', 'ANULUJ'] },
  { language: 'cs', source: PLAIN, words: ['ODHLASIT', 'ZRUSIT', 'KONEC'] },
  { language: 'hu', source: PLAIN, words: ['LEIRATKOZAS', 'LEIRATKOZOM', 'MEGALLJ'] },
  { language: 'ro', source: PLAIN, words: ['DEZABONARE', 'DEZABONEAZA', 'OPRESTE'] },
  { language: 'tr', source: PLAIN, words: ['IPTAL', 'DUR', 'DURDUR', 'RET'] },
  { language: 'id', source: PLAIN, words: ['BERHENTI', 'UNREG', 'HENTIKAN'] },
  { language: 'vi', source: PLAIN, words: ['DUNG', 'HUY', 'TU CHOI'] },
  { language: 'fil', source: PLAIN, words: ['TIGIL', 'ITIGIL', 'IHINTO'] },
  { language: 'ru', source: PLAIN, words: ['СТОП', 'ОТПИСАТЬСЯ', 'ОТПИСКА', 'ОТМЕНА', 'ХВАТИТ'] },
  { language: 'uk', source: PLAIN, words: ['СТОП', 'ВІДПИСАТИСЯ', 'ВІДПИСАТИСЬ', 'ГОДІ'] },
  { language: 'bg', source: PLAIN, words: ['СТОП', 'СПРИ', 'ОТКАЗ'] },
  { language: 'el', source: PLAIN, words: ['ΣΤΟΠ', 'ΔΙΑΚΟΠΗ', 'ΔΙΑΓΡΑΦΗ'] },
  { language: 'he', source: PLAIN, words: ['הסר', 'הסירו', 'הסרה', 'הפסק', 'הפסיקו', 'עצור'] },
  { language: 'ar', source: PLAIN, words: ['توقف', 'قف', 'إيقاف', 'إلغاء', 'إلغاء الاشتراك'] },
  { language: 'fa', source: PLAIN, words: ['لغو', 'لغو11', 'توقف'] },
  { language: 'hi', source: PLAIN, words: ['रोकें', 'रोको', 'बंद करो', 'बंद करें'] },
  { language: 'th', source: PLAIN, words: ['หยุด', 'ยกเลิก'] },
  { language: 'ko', source: PLAIN, words: ['수신거부', '중지', '그만', '해지'] },
  { language: 'ja', source: PLAIN, words: ['停止', '配信停止', '解除', 'ストップ'] },
  {
    language: 'zh',
    source: 'TD and 退订: cloud.tencent.com/document/product/382/35474',
    words: ['TD', '退订', '退訂', '停止', '取消订阅', '取消訂閱', '拒收'],
  },
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
