/** Sentences in many languages and the charsets that their files had before Unicode; written for these tests. */

export interface LegacyText {
  language: string;
  charsets: readonly string[];
  /** The first is a few words, the others are sentences. */
  sentences: readonly string[];
}

export const LEGACY_TEXTS: readonly LegacyText[] = [
  {
    language: 'de',
    charsets: ['windows-1252'],
    sentences: [
      'Grüße aus Köln',
      'Der Rechner läuft über Nacht und übersetzt die größeren Modelle.',
      'Wir müssen die Lüfter säubern, weil es im Büro zu heiß wird. Außerdem fehlt ein Schlüssel für die Tür.',
      'Später prüfen wir, ob die Änderung schöner aussieht.',
    ],
  },
  {
    language: 'fr',
    charsets: ['windows-1252'],
    sentences: [
      'déjà vu à la fête',
      "Le serveur s'arrête à midi et redémarre après la mise à jour.",
      'Nous avons préparé une règle pour éviter les problèmes de mémoire où la carte est trop chargée.',
      "L'été dernier, la forêt était très belle; ça m'a plu.",
    ],
  },
  {
    language: 'es',
    charsets: ['windows-1252'],
    sentences: [
      'mañana por la mañana',
      'La máquina se apagó anoche y no guardó la configuración.',
      '¿Cuántos años tiene el niño? También quería saber si mañana habrá clases de informática.',
      'El árbol está detrás del jardín.',
    ],
  },
  {
    language: 'pt',
    charsets: ['windows-1252'],
    sentences: [
      'não há pão',
      'A configuração não está completa, então a máquina não irá iniciar.',
      'As informações são enviadas ao coração do sistema através da ligação rápida.',
      'O avô comeu maçãs e feijão à noite.',
    ],
  },
  {
    language: 'it',
    charsets: ['windows-1252'],
    sentences: [
      'perché no',
      "La città è più bella di sera, però c'è molta umidità.",
      "Così il modello può girare già sul server; l'unità è pronta.",
      "Andrò lunedì all'università.",
    ],
  },
  {
    language: 'sv',
    charsets: ['windows-1252'],
    sentences: [
      'smörgåsbord på ön',
      'Datorn är för varm när den går på natten.',
      'Vi måste också kontrollera att fläkten fungerar så att kortet håller längre.',
      'Får får får? Nej, får får lamm.',
    ],
  },
  {
    language: 'da',
    charsets: ['windows-1252'],
    sentences: [
      'rødgrød med fløde',
      'Maskinen kører hele natten og bruger for meget strøm på kælderen.',
      'Vi må også prøve at åbne døren, før børnene går på værelset.',
      'Æblerne på træet er røde.',
    ],
  },
  {
    language: 'fi',
    charsets: ['windows-1252'],
    sentences: [
      'hyvää yötä',
      'Kone käy koko yön ja lämpenee liikaa.',
      'Meidän täytyy myös tarkistaa, että tuuletin toimii ja näyttö päivittyy.',
      'Pöydällä on leipää ja mehua.',
    ],
  },
  {
    language: 'nl',
    charsets: ['windows-1252'],
    sentences: [
      'één reünie',
      'De coördinatie van de financiële gegevens is geïmplementeerd.',
      "Wij hebben één machine in België die 's nachts ideeën verwerkt.",
      'Zoë geeft café-eigenaren advies.',
    ],
  },
  {
    language: 'cs',
    charsets: ['windows-1250', 'iso-8859-2'],
    sentences: [
      'Příliš žluťoučký kůň',
      'Počítač běží celou noc a překládá větší modely.',
      'Musíme také zkontrolovat, zda ventilátor funguje správně, protože v místnosti je příliš teplo.',
      'Později ověříme, že změna vypadá lépe.',
    ],
  },
  {
    language: 'pl',
    charsets: ['windows-1250', 'iso-8859-2'],
    sentences: [
      'zażółć gęślą jaźń',
      'Komputer działa całą noc i tłumaczy większe modele.',
      'Musimy również sprawdzić, czy wentylator działa prawidłowo, ponieważ w pokoju jest zbyt gorąco.',
      'Później zobaczymy, jak to będzie wyglądało. Żółw śpi.',
    ],
  },
  {
    language: 'hu',
    charsets: ['windows-1250', 'iso-8859-2'],
    sentences: [
      'árvíztűrő tükörfúrógép',
      'A számítógép egész éjjel fut és lefordítja a nagyobb modelleket.',
      'Azt is ellenőriznünk kell, hogy a ventilátor megfelelően működik-e, mert túl meleg van a szobában.',
      'Később megnézzük, hogy a változás jobb-e. Őszi szőlő.',
    ],
  },
  {
    language: 'ro',
    charsets: ['windows-1250', 'iso-8859-2'],
    sentences: [
      'fără grijă',
      'Calculatorul rulează toată noaptea şi traduce modelele mai mari.',
      'Trebuie să verificăm şi dacă ventilatorul funcţionează corect, pentru că în cameră este prea cald.',
      'Mâine vom vedea dacă schimbarea arată mai bine.',
    ],
  },
  {
    language: 'sl',
    charsets: ['windows-1250', 'iso-8859-2'],
    sentences: [
      'čez noč',
      'Računalnik teče vso noč in prevaja večje modele.',
      'Preveriti moramo tudi, ali ventilator deluje pravilno, ker je v sobi prevroče. Češnje so žive.',
      'Žaba skače čez šest kamnov.',
    ],
  },
  {
    language: 'ru',
    charsets: ['windows-1251', 'koi8-r', 'iso-8859-5', 'ibm866'],
    sentences: [
      'Настройка сервера',
      'Счётчик запросов и ответов за ночь.',
      'Компьютер работает всю ночь и переводит большие модели, а утром засыпает.',
      'Позже мы проверим, выглядит ли изменение лучше, чем раньше.',
    ],
  },
  {
    language: 'uk',
    charsets: ['windows-1251', 'koi8-u'],
    sentences: [
      'Їжак і ґава',
      "Комп'ютер працює всю ніч і перекладає великі моделі.",
      'Нам також потрібно перевірити, чи вентилятор працює правильно, бо в кімнаті занадто спекотно.',
      'Пізніше ми побачимо, чи зміна має кращий вигляд.',
    ],
  },
  {
    language: 'bg',
    charsets: ['windows-1251'],
    sentences: [
      'Настройка на сървъра',
      'Компютърът работи цяла нощ и превежда големите модели.',
      'Трябва също да проверим дали вентилаторът работи правилно, защото в стаята е твърде горещо.',
      'По-късно ще видим дали промяната изглежда по-добре.',
    ],
  },
  {
    language: 'el',
    charsets: ['windows-1253', 'iso-8859-7'],
    sentences: [
      'Ρύθμιση διακομιστή',
      'Ο υπολογιστής τρέχει όλη τη νύχτα και μεταφράζει τα μεγαλύτερα μοντέλα.',
      'Πρέπει επίσης να ελέγξουμε αν ο ανεμιστήρας λειτουργεί σωστά, γιατί στο δωμάτιο κάνει πολλή ζέστη.',
      'Αργότερα θα δούμε αν η αλλαγή είναι καλύτερη.',
    ],
  },
  {
    language: 'tr',
    charsets: ['windows-1254'],
    sentences: [
      'çılgın ağaç',
      'Bilgisayar bütün gece çalışıyor ve büyük modelleri çeviriyor.',
      'Ayrıca fanın doğru çalışıp çalışmadığını kontrol etmeliyiz, çünkü oda çok sıcak.',
      'Daha sonra değişikliğin daha iyi görünüp görünmediğine bakacağız. Şişli.',
    ],
  },
  {
    language: 'he',
    charsets: ['windows-1255', 'iso-8859-8'],
    sentences: [
      'הגדרת השרת',
      'המחשב פועל כל הלילה ומתרגם את המודלים הגדולים.',
      'אנחנו צריכים גם לבדוק שהמאוורר פועל כראוי כי חם מדי בחדר.',
      'אחר כך נראה אם השינוי נראה טוב יותר.',
    ],
  },
  {
    language: 'ar',
    charsets: ['windows-1256', 'iso-8859-6'],
    sentences: [
      'إعداد الخادم',
      'يعمل الحاسوب طوال الليل ويترجم النماذج الكبيرة.',
      'يجب علينا أيضا التحقق من أن المروحة تعمل بشكل صحيح لأن الغرفة حارة جدا.',
      'سنرى لاحقا ما إذا كان التغيير أفضل.',
    ],
  },
  {
    language: 'lt',
    charsets: ['windows-1257'],
    sentences: [
      'ąžuolas šalia',
      'Kompiuteris veikia visą naktį ir verčia didesnius modelius.',
      'Taip pat turime patikrinti, ar ventiliatorius veikia tinkamai, nes kambaryje per karšta.',
      'Vėliau žiūrėsime, ar pakeitimas atrodo geriau. Ėjo žmogus.',
    ],
  },
  {
    language: 'ja',
    charsets: ['shift_jis', 'euc-jp'],
    sentences: [
      'サーバーの設定',
      'コンピューターは一晩中動いて、大きなモデルを翻訳します。',
      '部屋が暑すぎるので、ファンが正しく動いているかどうかも確認する必要があります。',
      'あとで変更がよく見えるか確かめましょう。',
    ],
  },
  {
    language: 'zh',
    charsets: ['gb18030'],
    sentences: [
      '服务器设置',
      '计算机整夜运行并翻译较大的模型。',
      '我们还需要检查风扇是否正常工作，因为房间太热了。',
      '以后再看这个改变是不是更好。我的商店叫东方。',
    ],
  },
  {
    language: 'zht',
    charsets: ['big5'],
    sentences: [
      '伺服器設定',
      '電腦整夜執行並翻譯較大的模型。',
      '我們還需要檢查風扇是否正常運作，因為房間太熱了。',
      '以後再看這個改變是不是更好。我的商店叫東方。',
    ],
  },
  {
    language: 'ko',
    charsets: ['euc-kr'],
    sentences: [
      '서버 설정',
      '컴퓨터는 밤새 실행되고 더 큰 모델을 번역합니다.',
      '방이 너무 덥기 때문에 팬이 제대로 작동하는지도 확인해야 합니다.',
      '나중에 변경이 더 나은지 확인하겠습니다.',
    ],
  },
  {
    language: 'th',
    charsets: ['windows-874'],
    sentences: [
      'การตั้งค่าเซิร์ฟเวอร์',
      'คอมพิวเตอร์ทำงานทั้งคืนและแปลโมเดลขนาดใหญ่',
      'เราต้องตรวจสอบด้วยว่าพัดลมทำงานถูกต้องหรือไม่ เพราะห้องร้อนเกินไป',
      'ภายหลังเราจะดูว่าการเปลี่ยนแปลงดีขึ้นหรือไม่',
    ],
  },
  {
    language: 'typo',
    charsets: ['windows-1252'],
    sentences: [
      'It’s a “quoted” word – really',
      'The price is 5 € per kWh… or so.',
      'Copyright © 2020 Acme® — all rights reserved',
      'The temperature was 25 °C ± 2 and the resistor 10 µF',
    ],
  },
  {
    language: 'name',
    charsets: ['windows-1252'],
    sentences: [
      'Maintained by José Müller',
      'Author: François Lefèvre <f@x.test>',
      'Thanks to Björn, Søren and Zoë for the reviews',
      'See the naïve façade of the café',
    ],
  },
];

const SEVERAL = new Set(['shift_jis', 'euc-jp', 'gb18030', 'big5', 'euc-kr']);
const tables = new Map<string, ReadonlyMap<string, readonly number[]>>();

/** The inverse of a decoder, by trying every byte and every pair. */
function tableOf(charset: string): ReadonlyMap<string, readonly number[]> {
  const known = tables.get(charset);
  if (known !== undefined) return known;
  const decoder = new TextDecoder(charset, { fatal: true });
  const table = new Map<string, readonly number[]>();
  const add = (...bytes: number[]) => {
    try {
      const text = decoder.decode(Uint8Array.from(bytes));
      if ([...text].length === 1 && !table.has(text)) table.set(text, bytes);
    } catch {
      // Not a character.
    }
  };
  for (let byte = 0; byte < 256; byte += 1) add(byte);
  if (SEVERAL.has(charset))
    for (let lead = 0x81; lead < 0xff; lead += 1)
      for (let trail = 0x40; trail < 0xff; trail += 1) add(lead, trail);
  tables.set(charset, table);
  return table;
}

/** null if the charset lacks a character of the text. */
export function encodeLegacy(text: string, charset: string): Uint8Array | null {
  const table = tableOf(charset);
  const bytes: number[] = [];
  for (const character of text) {
    const found = table.get(character);
    if (found === undefined) return null;
    bytes.push(...found);
  }
  return Uint8Array.from(bytes);
}
