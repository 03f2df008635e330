//! Prints the figures of `docs/performance.md`: one table per word on the command line, as Markdown that goes into the
//! page as it is. Nothing here is a test of speed; what must hold on every machine (no call to KMS on a warm request)
//! ends the run with a sentence and another exit code than 0.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "to print is what this program is for")]

mod args;
mod binaries;
mod company;
mod cost;
mod doors;
mod figures;
mod files;
mod functions;
mod imports;
mod lifelogs;
mod opening_day;
mod pipeline;
mod process;
mod requests;
mod rounds;
mod runtime_api;
mod sign_in;
mod workers;

use std::process::ExitCode;

use crate::args::{Args, Table, USAGE};

/// What ends a run: a sentence for whoever started it.
type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let printed = match Args::parse(&arguments) {
        Ok(args) => print(&args),
        Err(error) => Err(format!("{error}\n\n{USAGE}").into()),
    };
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the tables that were asked for, each under the machine that it was made on.
fn print(args: &Args) -> Result<(), Error> {
    rounds::listen()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("{}", figures::machine(&args.profile)?);
    for table in &args.tables {
        println!("\n### {}\n", table.heading());
        match table {
            Table::Doors => runtime.block_on(doors::print(args))?,
            Table::Pipeline => pipeline::print()?,
            Table::Imports => runtime.block_on(imports::print(args))?,
            Table::Cost => runtime.block_on(cost::print(args))?,
            Table::SignIn => runtime.block_on(sign_in::print(args))?,
            Table::Binaries => runtime.block_on(binaries::print(args))?,
            Table::Company => runtime.block_on(company::print(args))?,
            Table::OpeningDay => runtime.block_on(opening_day::print(args))?,
            Table::Lifelogs => runtime.block_on(lifelogs::print(args))?,
        }
    }
    Ok(())
}
