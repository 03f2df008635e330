//! `cargo run -p local`: the whole service in one process. What a person reads goes to standard error, what the functions
//! log to standard output, as on Lambda.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use local::args::{self, Args, ArgsError, Command};
use local::service::endpoints::Endpoints;
use local::{Error, Service, ServiceOptions, documents};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let command = match args::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(ArgsError::Help) => return say(args::USAGE, ExitCode::SUCCESS),
        Err(error) => return say(&format!("{error}\n\n{}", args::USAGE), ExitCode::from(2)),
    };
    let done = match command {
        Command::Documents => write_documents(),
        Command::Serve(args) => Box::pin(serve(args)).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&format!("失敗しました / failed: {error}\n"), ExitCode::FAILURE),
    }
}

fn write_documents() -> Result<(), Error> {
    let written = documents::write(&documents::infra())?;
    for file in &written {
        say(&format!("書き出しました / written: {}\n", file.display()), ExitCode::SUCCESS);
    }
    Ok(())
}

/// Serves until somebody asks the process to end.
async fn serve(args: Args) -> Result<(), Error> {
    let options = ServiceOptions {
        api_port: args.api_port,
        s3_port: args.s3_port,
        ephemeral: args.ephemeral,
        demo: args.demo,
        ..ServiceOptions::in_directory(&args.data_dir)
    };
    store::logs::start(store::Clock::moved_by(Arc::clone(&options.offset_seconds)));
    let failed = |error| Error::Io { what: "waiting for signals", source: error };
    let mut terminated = signal(SignalKind::terminate()).map_err(failed)?;
    let service = Box::pin(Service::start(options)).await?;
    say(&welcome(service.endpoints(), &args), ExitCode::SUCCESS);
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
    drop(service);
    say("終了しました / stopped\n", ExitCode::SUCCESS);
    Ok(())
}

/// Where everything is, and a first thing to try.
fn welcome(endpoints: &Endpoints, args: &Args) -> String {
    let Endpoints { api, s3, imports_bucket, people } = endpoints;
    let file = args.data_dir.join("endpoints.json");
    let mut text = format!(
        "\nエールプラス（ローカル）を起動しました / serving\n\n  API   {api}\n  S3    {s3}\n  メール {api}/_local/mails\n  {}\n",
        file.display()
    );
    let Some(tenant) = people.tenants.first() else { return text + "\n" };
    if let Some(person) = tenant.accounts.iter().find(|account| account.totp_secret.is_none()) {
        let sign_in = format!(
            "\nサインイン / sign in:\n  curl -s {api}/v1/sessions -H 'Content-Type: application/json' \\\n    -d '{{\"tenant_code\":\"{}\",\"login_id\":\"{}\",\"password\":\"{}\"}}'\n",
            tenant.tenant_code, person.login_id, person.password
        );
        text.push_str(&sign_in);
    }
    let drop = format!(
        "\n従業員の CSV を取り込む / import employees:\n  AWS_REGION={} AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={} \\\n    aws --endpoint-url {s3} s3 cp tests/data/employees.sjis.csv s3://{imports_bucket}/{}/drop/employees/employees.csv\n\n",
        local::REGION,
        tenant.s3_access_key_id,
        tenant.s3_secret_access_key,
        tenant.tenant_id
    );
    text + &drop
}

fn say(text: &str, code: ExitCode) -> ExitCode {
    let _ = std::io::stderr().write_all(text.as_bytes());
    code
}
