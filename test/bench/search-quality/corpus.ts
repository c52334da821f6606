/** A small library of made-up notes, and questions that a person might ask of it. Written for this benchmark. */

export const DOCUMENTS: Readonly<Record<string, string>> = {
  'garden/tomatoes.md':
    '# Tomatoes\n\nSow the seeds indoors in March and plant them out after the last frost. Remove the side shoots every week. Water the soil and not the leaves, because wet leaves catch blight.\n\n## Harvest\n\nPick them when they come off with a slight twist. Green ones ripen in a drawer beside an apple.',
  'garden/compost.md':
    '# Compost\n\nMix green waste such as grass with brown waste such as straw and cardboard. Turn the heap once a month so that air gets in. It is ready when it smells of earth and no longer of rot.',
  'garden/roses.md':
    '# Roses\n\nPrune them in early spring, just above a bud that faces outwards. Black spots on the leaves are a fungus: collect the fallen leaves and burn them.',
  'kitchen/bread.md':
    '# Sourdough bread\n\nFeed the starter the evening before. Knead flour, water and salt, let the dough rise until it has doubled, then bake it in a hot pot with the lid on. The crust gets crisp once the lid comes off.',
  'kitchen/soup.md':
    '# Lentil soup\n\nFry an onion and a carrot, add red lentils, cumin and broth, and simmer for twenty minutes. Lemon juice at the end makes it fresh. It freezes well for a month.',
  'kitchen/coffee.md':
    '# Coffee\n\nGrind the beans right before brewing. Eighteen grams give thirty-six grams of espresso in half a minute. If it tastes sour, grind finer; if it tastes bitter, grind coarser. Descale the machine every second month.',
  'house/heating.md':
    '# Heating\n\nThe boiler is in the cellar. Its pressure should be between one and two bar: open the blue tap to refill it. Bleed the radiators in autumn, beginning on the ground floor. The engineer comes in September for the yearly service.',
  'house/fuses.md':
    '# Fuse box\n\nThe box is behind the coats in the hall. Circuit four is the kitchen, seven the washing machine. When everything goes dark at once, the residual current switch has tripped: unplug what you used last and push it up again.',
  'house/water.md':
    '# Water\n\nThe main stopcock is under the stairs. Turn it clockwise to shut everything off when a pipe bursts. The meter outside shows leaks: its small wheel stands still when no tap is open.',
  'house/bins.md':
    '# Waste collection\n\nPaper goes out on the first Monday, glass on the second. Old batteries and paint belong to the depot near the station, which is open on Saturdays.',
  'travel/trains.md':
    '# Night train to the coast\n\nBook the sleeper three months ahead, when the cheap berths come on sale. Bicycles need a ticket of their own. Breakfast is served an hour before arrival.',
  'travel/packing.md':
    '# Packing list\n\nPassport, charger, adapter for foreign sockets, rain jacket, a book. Medicine goes into the hand luggage. Roll the clothes, so that they crease less.',
  'travel/island.md':
    '# The island\n\nThe ferry takes two hours and does not sail in a storm. Rent bicycles at the harbour. The lighthouse can be climbed on Sundays; from its top one sees seals on the sandbank.',
  'lab/backup.md':
    '# Backups\n\nThe storage box copies all notebooks each night at two. Three generations are kept, one of them in another building. Once a quarter a file is restored to check that it works.',
  'lab/cluster.md':
    '# GPU machines\n\nThe tower with two cards is for training, the small one for inference. Both sleep when nobody uses them and wake over the network. Model weights are on the shared disk. Jobs that need more than twenty gigabytes of video memory run on the tower only.',
  'lab/network.md':
    '# Network\n\nThe switch in the rack has a port for each desk. Guests use a separate wireless network without access to the servers. The password hangs on the pin board and changes each spring.',
  'lab/microscope.md':
    '# Microscope\n\nSwitch the lamp on ten minutes before you begin. Never turn the coarse focus with the strongest lens in place. Clean oil off the lens with the special paper, never with a sleeve.',
  'people/birthdays.md':
    '# Birthdays\n\nGrandmother was born on the third of May and likes tulips. Jonas turns nine in November and wants a telescope. Aunt Rita never wants a present, but a letter.',
  'people/choir.md':
    '# Choir\n\nWe rehearse on Wednesdays at seven in the parish hall. The altos need two more voices. The summer concert has songs of the sea, and everyone brings a folding chair.',
  'work/invoices.md':
    '# Invoices\n\nAn invoice goes out within a week of delivery. It is due after thirty days; the first reminder is friendly and the second adds a fee. Keep all of them for ten years for the tax office.',
};

export interface Question {
  text: string;
  /** The document that answers it. */
  right: string;
}

const of = (right: string, ...texts: string[]): Question[] => texts.map((text) => ({ text, right }));

/** Half with words of the answer, half in other words. */
export const QUESTIONS: readonly Question[] = [
  ...of('garden/tomatoes.md', 'when to sow tomatoes', 'how do I ripen unripe fruit at home'),
  ...of('garden/compost.md', 'turn the compost heap', 'rotting kitchen scraps into soil'),
  ...of('garden/roses.md', 'prune roses', 'flower disease with dark marks on leaves'),
  ...of('kitchen/bread.md', 'sourdough starter', 'how to bake a loaf with a crunchy crust'),
  ...of('kitchen/soup.md', 'lentil soup with cumin', 'vegetarian meal that can be frozen'),
  ...of('kitchen/coffee.md', 'espresso tastes sour', 'my morning drink is too bitter'),
  ...of('house/heating.md', 'boiler pressure', 'the radiators stay cold'),
  ...of('house/fuses.md', 'which circuit is the kitchen', 'the lights went out in the whole flat'),
  ...of('house/water.md', 'main stopcock', 'emergency: flooding from a broken pipe'),
  ...of('house/bins.md', 'when is paper collected', 'where to throw away old paint'),
  ...of('travel/trains.md', 'book a sleeper berth', 'overnight railway journey to the sea'),
  ...of('travel/packing.md', 'packing list passport', 'what should I take on holiday'),
  ...of('travel/island.md', 'ferry in a storm', 'where can we watch marine animals'),
  ...of('lab/backup.md', 'how often is a backup restored', 'are my notebooks saved every night'),
  ...of(
    'lab/cluster.md',
    'twenty gigabytes of video memory',
    'which computer should train the neural network',
  ),
  ...of('lab/network.md', 'guest wireless password', 'wifi for visitors'),
  ...of(
    'lab/microscope.md',
    'clean the lens of the microscope',
    'looking at tiny samples: warm up the light',
  ),
  ...of('people/birthdays.md', 'what does Jonas want', 'gift for a nine year old boy'),
  ...of('people/choir.md', 'when does the choir rehearse', 'singing group practice'),
  ...of('work/invoices.md', 'second reminder of an invoice', 'how long must I keep bills'),
];

/** Nothing here answers these. */
export const NONSENSE: readonly string[] = [
  'zzzzqqq',
  'qwxv jjkpz',
  'asdfghjkl',
  'flurbnogging',
  'xq7 zv9',
  'bbbbbbbbbb',
  'krzptl mnvgh',
  'wubba dubbing',
  'lorem ipsum dolor',
  'plugh xyzzy',
];
