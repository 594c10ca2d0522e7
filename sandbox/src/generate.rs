//! Households of plainly synthetic residents, the same for the same seed on every machine.

use anyhow::Context;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde::Deserialize;

use crate::city::{AddressEntry, CityFile, CivilEvent, CivilLock, FormerAddressEntry};
use crate::residents::{CivilEntry, Folded, MaritalStatus, Party, Religion, Resident, ResidentIndex};

/// Word lists of the generated names.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    family_prefixes: Vec<String>,
    family_stems: Vec<String>,
    first_names_a: Vec<String>,
    first_names_b: Vec<String>,
    birth_places: Vec<String>,
}

/// A generator whose sequence is fixed for ever (SplitMix64), unlike those of libraries, which may change between
/// versions and so would change every resident.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `limit - 1`; 0 for a limit of 0.
    fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.next() % limit }
    }

    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn per_mille(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// A day between two days, both included; `first` if the order is wrong.
    fn day(&mut self, first: Date, last: Date) -> Date {
        let days = first.until(last).map_or(0, |span| span.get_days()).max(0);
        first.saturating_add((self.below(days as u64 + 1) as i64).days())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NameList {
    A,
    B,
}

/// Adds households until the city has `file.residents` residents besides the named ones.
pub fn households(file: &CityFile, residents: &mut Vec<Resident>, civil: &mut Vec<CivilEntry>) -> anyhow::Result<()> {
    let words: Words = toml::from_str(include_str!("../data/names.toml")).context("word lists")?;
    let goal = residents.len() + file.residents;
    let mut builder = Builder { dice: Dice(file.seed), file, words: &words, residents, civil };
    while builder.residents.len() < goal {
        builder.household();
    }
    Ok(())
}

struct Builder<'a> {
    dice: Dice,
    file: &'a CityFile,
    words: &'a Words,
    residents: &'a mut Vec<Resident>,
    civil: &'a mut Vec<CivilEntry>,
}

impl Builder<'_> {
    fn household(&mut self) {
        let address = self.address();
        let family_name = self.family_name();
        let kind = self.dice.below(100);
        let first_list = if self.dice.percent(50) { NameList::A } else { NameList::B };
        let age = self.dice.between(19, if kind < 70 { 96 } else { 55 });
        let adult = self.adult(first_list, age, &family_name, &address);
        if kind < 40 {
            self.settle_single(adult, age);
            return;
        }
        let same_list = self.dice.percent(6);
        let second_list = if same_list == (first_list == NameList::A) { NameList::A } else { NameList::B };
        let partner_age = (age + self.dice.below(9)).saturating_sub(4).clamp(19, 98);
        let partner_name = if self.dice.percent(70) { family_name.clone() } else { self.family_name() };
        let partner = self.adult(second_list, partner_age, &partner_name, &address);
        self.join(adult, partner, same_list);
        if kind >= 70 {
            self.add_children(adult, partner, age.min(partner_age), &family_name, &address);
        }
    }

    fn address(&mut self) -> AddressEntry {
        let total: u64 = self.file.districts.iter().map(|d| u64::from(d.share)).sum();
        let mut rest = self.dice.below(total);
        let mut district = &self.file.districts[0];
        for candidate in &self.file.districts {
            if rest < u64::from(candidate.share) {
                district = candidate;
                break;
            }
            rest -= u64::from(candidate.share);
        }
        let street = self.dice.pick(&district.streets).clone();
        let mut house_number = self.dice.between(1, 140).to_string();
        if self.dice.percent(12) {
            house_number.push(*self.dice.pick(&['a', 'b', 'c']));
        }
        let addition = self.dice.percent(8).then(|| format!("{}. Etage", self.dice.between(1, 5)));
        AddressEntry {
            secondary: false,
            street,
            house_number,
            addition,
            postal_code: district.postal_code.clone(),
            city: self.file.name.clone(),
            country: None,
            moved_in: date(1900, 1, 1),
        }
    }

    fn family_name(&mut self) -> String {
        let prefix = self.dice.pick(&self.words.family_prefixes);
        format!("{prefix}-{}", self.dice.pick(&self.words.family_stems))
    }

    fn first_names(&mut self, list: NameList, taken: &[String]) -> Vec<String> {
        let list = if list == NameList::A { &self.words.first_names_a } else { &self.words.first_names_b };
        let wanted = 1 + usize::from(self.dice.percent(35)) + usize::from(self.dice.percent(5));
        let mut names: Vec<String> = Vec::with_capacity(wanted);
        while names.len() < wanted {
            let name = self.dice.pick(list);
            if !names.contains(name) && !taken.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// A day on which somebody who is `age` years old on the day of the data was born.
    fn birth_date(&mut self, age: u64) -> Date {
        let age = i64::try_from(age).unwrap_or(0);
        let last = self.file.as_of.saturating_sub(age.years());
        let first = self.file.as_of.saturating_sub((age + 1).years()).saturating_add(1.days());
        self.dice.day(first, last)
    }

    fn adult(&mut self, list: NameList, age: u64, family_name: &str, address: &AddressEntry) -> ResidentIndex {
        let born = self.birth_date(age);
        let first_names = self.first_names(list, &[]);
        self.resident(family_name, first_names, born, address)
    }

    fn resident(
        &mut self,
        family_name: &str,
        first_names: Vec<String>,
        born: Date,
        address: &AddressEntry,
    ) -> ResidentIndex {
        let born_here = self.dice.percent(30);
        let birth_place =
            if born_here { self.file.name.clone() } else { self.dice.pick(&self.words.birth_places).clone() };
        let mut address = address.clone();
        address.moved_in = self.dice.day(born, self.file.as_of);
        let former_addresses = if address.moved_in > born && self.dice.percent(60) {
            vec![FormerAddressEntry {
                street: "Vormalsweg".to_owned(),
                house_number: self.dice.between(1, 90).to_string(),
                postal_code: "99999".to_owned(),
                city: self.dice.pick(&self.words.birth_places).clone(),
                country: None,
                moved_in: None,
                moved_out: address.moved_in,
            }]
        } else {
            Vec::new()
        };
        let nationality = if self.dice.percent(88) {
            vec!["DE".to_owned()]
        } else {
            let foreign = (*self.dice.pick(&["FR", "GR", "IT", "NL", "PL", "TR", "UA"])).to_owned();
            if self.dice.percent(25) { vec!["DE".to_owned(), foreign] } else { vec![foreign] }
        };
        let call_name = (first_names.len() > 1 && self.dice.percent(60))
            .then(|| self.dice.below(first_names.len() as u64) as usize);
        let religion = match self.dice.below(100) {
            0..=29 => Some(Religion::Catholic),
            30..=49 => Some(Religion::Protestant),
            50 => Some(Religion::OldCatholic),
            51..=84 => Some(Religion::None),
            _ => None,
        };
        let doctorate =
            (born < self.file.as_of.saturating_sub(28.years()) && self.dice.percent(3)).then(|| "Dr.".to_owned());
        let resident = Resident {
            key: None,
            hard_case: None,
            family_name: family_name.to_owned(),
            birth_name: None,
            first_names,
            call_name,
            doctorate,
            birth_date: born.into(),
            birth_place,
            addresses: vec![address],
            former_addresses,
            nationality,
            marital_status: MaritalStatus::Single,
            religion,
            spouse: None,
            children: Vec::new(),
            representatives: Vec::new(),
            blocked: self.dice.per_mille(5),
            moved_away: None,
            deceased: None,
            folded: Folded::default(),
        };
        let index = self.residents.len();
        if born_here {
            let lock = match self.dice.below(1000) {
                0..=5 => CivilLock::Blocked,
                6..=13 => CivilLock::Registrar,
                _ => CivilLock::Open,
            };
            self.enter(CivilEvent::Birth, born, vec![Party::of(&resident)], lock);
        }
        self.residents.push(resident);
        index
    }

    fn enter(&mut self, event: CivilEvent, date: Date, persons: Vec<Party>, lock: CivilLock) {
        let place = self.file.name.clone();
        self.civil.push(CivilEntry { event, date, place, persons, lock, named: false });
    }

    fn settle_single(&mut self, index: ResidentIndex, age: u64) {
        let status = match self.dice.below(100) {
            0..=14 if age > 60 => MaritalStatus::Widowed,
            0..=24 if age > 28 => MaritalStatus::Divorced,
            // Married to somebody whose data the register does not have, so that a missing spouse means nothing.
            25..=31 if age > 22 => MaritalStatus::Married,
            _ => MaritalStatus::Single,
        };
        self.residents[index].marital_status = status;
        let as_of = self.file.as_of;
        if self.dice.percent(2) {
            let left = self.dice.day(as_of.saturating_sub(3.years()), as_of);
            self.leave(index, left);
            self.residents[index].moved_away = Some(left);
        } else if age > 50 && self.dice.percent(8) {
            let died = self.dice.day(as_of.saturating_sub(2.years()), as_of);
            self.leave(index, died);
            self.residents[index].deceased = Some(died);
            let party = Party::of(&self.residents[index]);
            self.enter(CivilEvent::Death, died, vec![party], CivilLock::Open);
        }
    }

    /// Turns the current addresses into former ones.
    fn leave(&mut self, index: ResidentIndex, on: Date) {
        let resident = &mut self.residents[index];
        for address in std::mem::take(&mut resident.addresses) {
            resident.former_addresses.push(FormerAddressEntry {
                street: address.street,
                house_number: address.house_number,
                postal_code: address.postal_code,
                city: address.city,
                country: None,
                moved_in: Some(address.moved_in.min(on)),
                moved_out: on,
            });
        }
    }

    fn join(&mut self, a: ResidentIndex, b: ResidentIndex, same_list: bool) {
        if self.dice.percent(25) {
            return; // an unmarried couple
        }
        let adult_since = |r: &Resident| r.birth_date.full().map_or(self.file.as_of, |d| d.saturating_add(18.years()));
        let earliest = adult_since(&self.residents[a]).max(adult_since(&self.residents[b]));
        // Partnerships were registered from 2001-08-01 to 2017-09-30; marriage has been open to all since (Article 3
        // of the law of 2017-07-20).
        let partnership = same_list && earliest < date(2017, 9, 30) && self.dice.percent(60);
        let (event, status, first, last) = if partnership {
            (CivilEvent::Partnership, MaritalStatus::Partnership, earliest.max(date(2001, 8, 1)), date(2017, 9, 30))
        } else if same_list {
            (CivilEvent::Marriage, MaritalStatus::Married, earliest.max(date(2017, 10, 1)), self.file.as_of)
        } else {
            (CivilEvent::Marriage, MaritalStatus::Married, earliest, self.file.as_of)
        };
        let day = self.dice.day(first, last);
        for (one, other) in [(a, b), (b, a)] {
            self.residents[one].marital_status = status;
            self.residents[one].spouse = Some(other);
        }
        if self.residents[a].family_name == self.residents[b].family_name {
            self.residents[b].birth_name = Some(self.family_name());
        }
        if self.dice.percent(60) {
            let persons = vec![Party::of(&self.residents[a]), Party::of(&self.residents[b])];
            self.enter(event, day, persons, CivilLock::Open);
        }
    }

    fn add_children(
        &mut self,
        a: ResidentIndex,
        b: ResidentIndex,
        parent_age: u64,
        family_name: &str,
        address: &AddressEntry,
    ) {
        let mut taken = Vec::new();
        for _ in 0..self.dice.between(1, 3) {
            let age = self.dice.below((parent_age - 18).clamp(1, 21));
            let born = self.birth_date(age);
            let list = if self.dice.percent(50) { NameList::A } else { NameList::B };
            let first_names = self.first_names(list, &taken);
            taken.extend(first_names.iter().cloned());
            let child = self.resident(family_name, first_names, born, address);
            self.residents[a].children.push(child);
            self.residents[b].children.push(child);
            if age < 18 {
                self.residents[child].representatives = vec![a, b];
                self.residents[child].doctorate = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::residents::Registers;

    fn meerbusch() -> (CityFile, Registers) {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cities/meerbusch");
        let file = CityFile::load(&dir).unwrap();
        let registers = Registers::build(&file).unwrap();
        (file, registers)
    }

    fn born(resident: &Resident) -> Date {
        resident.birth_date.full().unwrap()
    }

    #[test]
    fn households_are_plausible() {
        let (file, registers) = meerbusch();
        let people = &registers.residents;
        for (index, resident) in people.iter().enumerate().filter(|(_, r)| r.key.is_none()) {
            assert!(born(resident) <= file.as_of);
            assert!(resident.addresses.iter().all(|a| born(resident) <= a.moved_in && a.moved_in <= file.as_of));
            assert_eq!(resident.addresses.is_empty(), resident.moved_away.is_some() || resident.deceased.is_some());
            if let Some(spouse) = resident.spouse {
                assert_eq!(people[spouse].spouse, Some(index));
                assert_eq!(people[spouse].marital_status, resident.marital_status);
            }
            for &child in &resident.children {
                let mother_or_father_at = born(resident).saturating_add(17.years());
                assert!(
                    mother_or_father_at < born(&people[child]),
                    "{} {}",
                    resident.display_name(),
                    people[child].display_name()
                );
                let minor = born(&people[child]).saturating_add(18.years()) > file.as_of;
                assert_eq!(people[child].representatives.contains(&index), minor);
            }
        }
        for entry in &registers.civil {
            assert!(entry.date <= file.as_of, "{entry:?}");
            for party in &entry.persons {
                assert!(party.birth_date.full().is_none_or(|born| born <= entry.date), "{entry:?}");
            }
            if entry.event == CivilEvent::Partnership {
                assert!(entry.date >= date(2001, 8, 1) && entry.date <= date(2017, 9, 30), "{entry:?}");
            }
        }
    }

    #[test]
    fn every_kind_of_case_is_among_the_generated_people() {
        let (file, registers) = meerbusch();
        let generated: Vec<&Resident> = registers.residents.iter().filter(|r| r.key.is_none()).collect();
        assert!(generated.len() >= 2_000);
        type Kind = (&'static str, fn(&Resident) -> bool);
        let kinds: [Kind; 7] = [
            ("blocked", |r| r.blocked),
            ("moved away", |r| r.moved_away.is_some()),
            ("deceased", |r| r.deceased.is_some()),
            ("minor", |r| !r.representatives.is_empty()),
            ("in a partnership", |r| r.marital_status == MaritalStatus::Partnership),
            ("two nationalities", |r| r.nationality.len() == 2),
            ("spouse unknown to the register", |r| r.marital_status == MaritalStatus::Married && r.spouse.is_none()),
        ];
        for (kind, is) in kinds {
            assert!(generated.iter().any(|r| is(r)), "nobody is {kind}");
        }
        for district in &file.districts {
            let lives_here = |r: &Resident| r.addresses.iter().any(|a| district.streets.contains(&a.street));
            assert!(generated.iter().any(|r| lives_here(r)), "nobody lives in {}", district.name);
        }
        for lock in [CivilLock::Open, CivilLock::Blocked, CivilLock::Registrar] {
            assert!(registers.civil.iter().any(|entry| !entry.named && entry.lock == lock), "{lock:?}");
        }
        let events = [CivilEvent::Birth, CivilEvent::Marriage, CivilEvent::Partnership, CivilEvent::Death];
        for event in events {
            assert!(registers.civil.iter().any(|entry| !entry.named && entry.event == event), "{event:?}");
        }
    }
}
