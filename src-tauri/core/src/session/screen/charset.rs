//! The national and line-drawing character sets that ISO 2022 designations select.

/// A designated set; `None` where it is plain ASCII.
pub(super) type Charset = Option<&'static Table>;

/// The final byte that designates a set, and what it replaces.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// The byte of `ESC ( x` that selects it.
    pub name: u8,
    pairs: &'static str,
}

impl Table {
    /// What a character becomes under this set.
    pub fn map(&self, ch: u32) -> u32 {
        let mut pairs = self.pairs.chars();
        while let (Some(from), Some(to)) = (pairs.next(), pairs.next()) {
            if from as u32 == ch {
                return to as u32;
            }
        }
        ch
    }

    /// A character that becomes `ch` under this set.
    pub fn unmap(&self, ch: u32) -> Option<u32> {
        if self.map(ch) == ch {
            return Some(ch);
        }
        let mut pairs = self.pairs.chars();
        while let (Some(from), Some(to)) = (pairs.next(), pairs.next()) {
            if to as u32 == ch {
                return Some(from as u32);
            }
        }
        None
    }
}

/// What a designation's final byte selects: `None` if it names no set.
pub(super) fn designated(name: u8) -> Option<Charset> {
    if name == b'B' {
        return Some(None);
    }
    TABLES.iter().find(|t| t.name == name).map(Some)
}

const FINNISH: &str = "[Ä\\Ö]Å^Ü`é{ä|ö}å~ü";
const NORWEGIAN: &str = "@Ä[Æ\\Ø]Å^Ü`ä{æ|ø}å~ü";
const SWEDISH: &str = "@É[Ä\\Ö]Å^Ü`é{ä|ö}å~ü";

static TABLES: [Table; 15] = [
    Table {
        name: b'0',
        pairs: "`◆a▒b␉c␌d␍e␊f°g±h␤i␋j┘k┐l┌m└n┼o⎺p⎻q─r⎼s⎽t├u┤v┴w┬x│y≤z≥{π|≠}£~·",
    },
    Table {
        name: b'A',
        pairs: "#£",
    },
    Table {
        name: b'4',
        pairs: "#£@¾[i\\½]|{¨|f}¼~´",
    },
    Table {
        name: b'C',
        pairs: FINNISH,
    },
    Table {
        name: b'5',
        pairs: FINNISH,
    },
    Table {
        name: b'R',
        pairs: "#£@à[°\\ç]§{é|ù}è~¨",
    },
    Table {
        name: b'Q',
        pairs: "@à[â\\ç]ê^î`ô{é|ù}è~û",
    },
    Table {
        name: b'K',
        pairs: "@§[Ä\\Ö]Ü{ä|ö}ü~ß",
    },
    Table {
        name: b'Y',
        pairs: "#£@§[°\\ç]é`ù{à|ò}è~ì",
    },
    Table {
        name: b'E',
        pairs: NORWEGIAN,
    },
    Table {
        name: b'6',
        pairs: NORWEGIAN,
    },
    Table {
        name: b'Z',
        pairs: "#£@§[¡\\Ñ]¿{°|ñ}ç",
    },
    Table {
        name: b'H',
        pairs: SWEDISH,
    },
    Table {
        name: b'7',
        pairs: SWEDISH,
    },
    Table {
        name: b'=',
        pairs: "#ù@à[é\\ç]ê^î_è`ô{ä|ö}ü~û",
    },
];
