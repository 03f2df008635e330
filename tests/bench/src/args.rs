//! The command line.

use std::path::{Path, PathBuf};

use crate::Error;

/// What is printed to whoever asks for something else.
pub(crate) const USAGE: &str = "\
cargo run --profile quick -p bench -- <what> [options]   (after building the functions: docs/performance.md)

  doors              calls, units, CPU time and latency of a warm request to each door
  pipeline           rows per second and core: cut, parse, judge, seal
  imports [rows…]    whole imports of checkups (1000 20000); above 50,000 rows only the check
  sign-in            time to be refused, whoever one is; what a permit and a token cost
  cost               US$ per 1,000 employees and month; what the audit trail adds to a request
  binaries           sizes, and time to the first poll and the first answer
  opening-day        everybody of a company answers a stress check at once
  lifelogs           many entries of a company go in, and everybody looks at a year
  company            lists, search, form 6 and judging once more in a large company
  all                all nine

  --target-dir <dir>   where cargo built the functions (beside this program)
  --profile <name>     with which profile (this program's)
  --requests <n>       measured requests of each door, and attempts of each kind (200)
  --starts <n>         measured starts of each function (20)
  --people <n>         workers of the opening day and of the company (1,000)
  --entries <n>        entries of lifelogs (1,000,000)
";

/// A table to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Doors,
    Pipeline,
    Imports,
    SignIn,
    Cost,
    Binaries,
    OpeningDay,
    Lifelogs,
    Company,
}

impl Table {
    const ALL: [Self; 9] = [
        Self::Doors,
        Self::Pipeline,
        Self::Imports,
        Self::SignIn,
        Self::Cost,
        Self::Binaries,
        Self::OpeningDay,
        Self::Lifelogs,
        Self::Company,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Doors => "doors",
            Self::Pipeline => "pipeline",
            Self::Imports => "imports",
            Self::SignIn => "sign-in",
            Self::Cost => "cost",
            Self::Binaries => "binaries",
            Self::OpeningDay => "opening-day",
            Self::Lifelogs => "lifelogs",
            Self::Company => "company",
        }
    }

    /// What stands above it.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Doors => "Doors: one warm request",
            Self::Pipeline => "Pipeline: one row of checkups, without any I/O",
            Self::Imports => "Imports of checkups, end to end",
            Self::SignIn => "Identity",
            Self::Cost => "Cost",
            Self::Binaries => "Binaries",
            Self::OpeningDay => "Opening day of a stress check",
            Self::Lifelogs => "Lifelogs",
            Self::Company => "A large company",
        }
    }
}

/// What to print, and how.
#[derive(Clone, Debug)]
pub(crate) struct Args {
    pub(crate) tables: Vec<Table>,
    /// Sizes of imported files.
    pub(crate) rows: Vec<usize>,
    pub(crate) profile: String,
    /// Where the functions' binaries are.
    pub(crate) binaries: PathBuf,
    pub(crate) requests: usize,
    pub(crate) starts: usize,
    /// Workers of the opening day, and of the company.
    pub(crate) people: usize,
    /// Entries of lifelogs.
    pub(crate) entries: usize,
}

impl Args {
    /// Reads the arguments (without the program's name).
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, Error> {
        let own = std::env::current_exe()?;
        let beside = own.parent().ok_or("this program lies in no directory")?;
        let (mut target, mut profile) = (beside.parent().map(Path::to_owned), None);
        let (mut tables, mut rows, mut requests, mut starts) = (Vec::new(), Vec::new(), 200, 20);
        let (mut people, mut entries) = (1_000, 1_000_000);
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--target-dir" => target = Some(value()?.into()),
                "--profile" => profile = Some(value()?.clone()),
                "--requests" => requests = value()?.parse()?,
                "--starts" => starts = value()?.parse()?,
                "--people" => people = value()?.parse()?,
                "--entries" => entries = value()?.parse()?,
                "all" => tables.extend(Table::ALL),
                other => match Table::ALL.into_iter().find(|table| table.name() == other) {
                    Some(table) => tables.push(table),
                    None => rows.push(other.parse().map_err(|_| format!("unknown: {other}"))?),
                },
            }
        }
        if tables.is_empty() || requests == 0 || starts == 0 || people == 0 || entries == 0 {
            return Err("nothing to print".into());
        }
        if rows.is_empty() {
            rows = vec![1_000, 20_000];
        }
        let own_profile = beside.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let profile = profile.unwrap_or(own_profile);
        let binaries = target.ok_or("this program lies in no target directory")?.join(&profile);
        Ok(Self { tables, rows, profile, binaries, requests, starts, people, entries })
    }
}
