/** @file The same few sentences in many languages, and an encoder for every encoding that can be decoded. */

/** By language; each with the encodings that it is found in. */
export const FOREIGN_TEXTS: readonly { readonly text: string; readonly encodings: readonly string[] }[] = [
  {
    text: "Утром старик вышел к реке и долго смотрел, как над водой поднимается туман. Лодка стояла у берега, вёсла лежали рядом. «Сегодня будет тепло», — сказал он внуку, и они медленно поплыли к другому берегу, где росли высокие сосны. Вода была тихая, и только рыба иногда плескалась у камышей.",
    encodings: ["windows-1251", "koi8-r", "iso-8859-5", "ibm866", "x-mac-cyrillic"],
  },
  {
    text: "Уранці дід вийшов до річки й довго дивився, як над водою здіймається туман. Човен стояв біля берега, весла лежали поруч. Сьогодні буде тепло, сказав він онукові, і вони повільно попливли на той бік, де росли високі сосни.",
    encodings: ["windows-1251", "koi8-u"],
  },
  {
    text: "清晨，老人走到河边，久久地望着水面上升起的雾气。小船停在岸边，船桨放在旁边。“今天会很暖和。”他对孙子说。他们慢慢地划向对岸，那里长着高大的松树。水很平静，只有鱼儿偶尔在芦苇旁跳起来。",
    encodings: ["gb18030"],
  },
  {
    text: "清晨，老人走到河邊，久久地望著水面上升起的霧氣。小船停在岸邊，船槳放在旁邊。「今天會很暖和。」他對孫子說。他們慢慢地划向對岸，那裡長著高大的松樹。水很平靜，只有魚兒偶爾在蘆葦旁跳起來。",
    encodings: ["big5", "gb18030"],
  },
  {
    text: "朝早く、老人は川辺に出て、水の上に立ちのぼる霧を長い間ながめていた。小舟は岸につながれ、櫂はそのそばに置いてあった。「今日は暖かくなるよ」と彼は孫に言い、二人はゆっくりと向こう岸へこいでいった。そこには高い松の木が生えていた。",
    encodings: ["shift_jis", "euc-jp"],
  },
  {
    text: "아침 일찍 노인은 강가로 나가 물 위로 피어오르는 안개를 오랫동안 바라보았다. 작은 배는 강둑에 매여 있었고 노는 그 옆에 놓여 있었다. 오늘은 따뜻하겠구나 하고 그는 손자에게 말했고, 두 사람은 천천히 건너편으로 저어 갔다.",
    encodings: ["euc-kr"],
  },
  {
    text: "Au petit matin, le vieil homme sortit près de la rivière et regarda longtemps la brume s'élever au-dessus de l'eau. La barque était amarrée à la rive, les rames posées à côté. « Il fera chaud aujourd'hui », dit-il à son petit-fils, et ils traversèrent lentement vers l'autre côté, où poussaient de très hauts pins.",
    encodings: ["windows-1252", "macintosh"],
  },
  {
    text: "Am frühen Morgen ging der alte Mann zum Fluss und sah lange zu, wie der Nebel über dem Wasser aufstieg. Das Boot lag am Ufer, die Ruder lagen daneben. „Heute wird es schön warm“, sagte er zu seinem Enkel, und sie fuhren langsam hinüber, wo große Kiefern wuchsen.",
    encodings: ["windows-1252"],
  },
  {
    text: "Muy temprano, el anciano salió a la orilla del río y miró largo rato cómo subía la niebla sobre el agua. La barca estaba atada y los remos descansaban junto a ella. «Mañana también hará calor», le dijo a su nieto, y cruzaron despacio hacia los altos árboles del otro lado. ¿Quién vendrá?",
    encodings: ["windows-1252"],
  },
  {
    text: "Wczesnym rankiem starzec wyszedł nad rzekę i długo patrzył, jak nad wodą unosi się mgła. Łódka stała przy brzegu, wiosła leżały obok. Dziś będzie ciepło, powiedział do wnuka, i powoli popłynęli na drugą stronę, gdzie rosły wysokie sosny. Żaden z nich się nie śpieszył.",
    encodings: ["windows-1250", "iso-8859-2"],
  },
  {
    text: "Kora reggel az öregember kiment a folyóhoz, és sokáig nézte, hogyan száll fel a köd a víz fölött. A csónak a parton állt, az evezők mellette hevertek. Ma meleg lesz, mondta az unokájának, és lassan átkeltek a túlsó oldalra, ahol magas fenyők nőttek.",
    encodings: ["windows-1250"],
  },
  {
    text: "Νωρίς το πρωί ο γέρος βγήκε στο ποτάμι και κοίταζε για ώρα την ομίχλη να ανεβαίνει πάνω από το νερό. Η βάρκα ήταν δεμένη στην όχθη και τα κουπιά δίπλα της. Σήμερα θα κάνει ζέστη, είπε στον εγγονό του, και πέρασαν αργά απέναντι, εκεί όπου φύτρωναν ψηλά πεύκα.",
    encodings: ["windows-1253"],
  },
  {
    text: "Sabah erkenden yaşlı adam nehre indi ve suyun üzerinde yükselen sisi uzun süre seyretti. Kayık kıyıda duruyordu, kürekler yanındaydı. Bugün hava sıcak olacak, dedi torununa, ve yavaşça karşı kıyıya, yüksek çamların büyüdüğü yere geçtiler. Hiçbiri acele etmiyordu, ışık güzeldi.",
    encodings: ["windows-1254"],
  },
  {
    text: "מוקדם בבוקר יצא הזקן אל הנהר והביט זמן רב בערפל העולה מעל המים. הסירה עמדה ליד הגדה והמשוטים היו מונחים לצידה. היום יהיה חם, אמר לנכדו, והם חצו לאט אל הצד השני, שם צמחו אורנים גבוהים.",
    encodings: ["windows-1255"],
  },
  {
    text: "في الصباح الباكر خرج الرجل العجوز إلى النهر ونظر طويلا إلى الضباب وهو يرتفع فوق الماء. كان القارب مربوطا عند الضفة والمجاديف بجانبه. سيكون اليوم دافئا، قال لحفيده، ثم عبرا ببطء إلى الجانب الآخر حيث تنمو أشجار الصنوبر العالية.",
    encodings: ["windows-1256", "iso-8859-6"],
  },
  {
    text: "เช้าตรู่ชายชราเดินไปที่แม่น้ำและมองดูหมอกที่ลอยขึ้นเหนือผิวน้ำอยู่นาน เรือจอดอยู่ริมฝั่งและไม้พายวางอยู่ข้าง ๆ วันนี้อากาศจะอบอุ่น เขาบอกหลานชาย แล้วทั้งสองก็พายเรือไปอีกฝั่งอย่างช้า ๆ",
    encodings: ["windows-874"],
  },
  {
    text: "Anksti rytą senis išėjo prie upės ir ilgai žiūrėjo, kaip virš vandens kyla rūkas. Valtis stovėjo prie kranto, irklai gulėjo šalia. Šiandien bus šilta, pasakė jis anūkui, ir jie lėtai perplaukė į kitą pusę, kur augo aukštos pušys.",
    encodings: ["windows-1257"],
  },
];

/** Encodes by looking up what each one or two bytes decode to; null where a character has none. */
export function encodeIn(text: string, encoding: string): Buffer | null {
  const table = tableOf(encoding);
  const bytes: number[] = [];
  for (const character of text) {
    const found = table.get(character);
    if (found === undefined) return null;
    bytes.push(...found);
  }
  return Buffer.from(bytes);
}

const tables = new Map<string, ReadonlyMap<string, readonly number[]>>();

function tableOf(encoding: string): ReadonlyMap<string, readonly number[]> {
  const known = tables.get(encoding);
  if (known) return known;
  const table = new Map<string, readonly number[]>();
  const decoder = new TextDecoder(encoding);
  const add = (...bytes: number[]) => {
    const text = decoder.decode(Uint8Array.from(bytes));
    if ([...text].length === 1 && text !== "\ufffd" && !table.has(text)) table.set(text, bytes);
  };
  for (let first = 0; first < 256; first++) add(first);
  if (/^(gb|big5|shift|euc)/.test(encoding))
    for (let first = 0x81; first < 0xff; first++)
      for (let second = 0x40; second < 0xff; second++) add(first, second);
  tables.set(encoding, table);
  return table;
}
