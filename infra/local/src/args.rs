//! The command line.

use std::path::PathBuf;

/// What `--help` prints.
pub const USAGE: &str = "\
使い方 / Usage:
  cargo run -p local -- [オプション / options]   サービス全体を起動する / run the whole service
  cargo run -p local -- documents               infra/openapi.json と infra/gateway.json を書き出す / write both

  --api-port <n>   APIのポート / port of the API (9000)
  --s3-port <n>    S3のポート / port of S3 (9001)
  --data-dir <dir> データの置き場所 / where data is kept (.local)
  --ephemeral      データを残さない（endpoints.json だけを書く） / keep no data (only endpoints.json is written)
  --no-demo        デモのテナントを作らない / no demo tenants
  --help           この説明 / this text
";

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Run the service.
    Serve(Args),
    /// Write the generated documents.
    Documents,
}

/// Parsed arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    /// Port of the API.
    pub api_port: u16,
    /// Port of S3.
    pub s3_port: u16,
    /// Where data is kept.
    pub data_dir: PathBuf,
    /// Keep nothing.
    pub ephemeral: bool,
    /// Make the demo tenants.
    pub demo: bool,
}

impl Default for Args {
    fn default() -> Self {
        Self { api_port: 9000, s3_port: 9001, data_dir: PathBuf::from(".local"), ephemeral: false, demo: true }
    }
}

/// Why the arguments were not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgsError {
    /// Somebody asked for help.
    #[error("help")]
    Help,
    /// An argument that does not exist.
    #[error("不明な引数です / unknown argument: {0}")]
    Unknown(String),
    /// An argument whose value is missing or wrong.
    #[error("値が正しくありません / missing or wrong value: {0}")]
    Value(&'static str),
}

/// Reads the arguments (without the program's name).
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, ArgsError> {
    let mut args = Args::default();
    let mut arguments = arguments.into_iter().peekable();
    if arguments.peek().is_some_and(|first| first == "documents") {
        arguments.next();
        return arguments.next().map_or(Ok(Command::Documents), |unknown| Err(ArgsError::Unknown(unknown)));
    }
    while let Some(argument) = arguments.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        let mut value = || inline.clone().or_else(|| arguments.next());
        let port = |value: Option<String>, name| value.and_then(|port| port.parse().ok()).ok_or(ArgsError::Value(name));
        match name.as_str() {
            "--api-port" => args.api_port = port(value(), "--api-port")?,
            "--s3-port" => args.s3_port = port(value(), "--s3-port")?,
            "--data-dir" => args.data_dir = value().map(PathBuf::from).ok_or(ArgsError::Value("--data-dir"))?,
            "--ephemeral" => args.ephemeral = true,
            "--no-demo" => args.demo = false,
            "--help" | "-h" => return Err(ArgsError::Help),
            _ => return Err(ArgsError::Unknown(name)),
        }
    }
    Ok(Command::Serve(args))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Command, ArgsError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn arguments_are_read_in_both_spellings() {
        let args = read("--api-port 8000 --s3-port=8001 --data-dir /tmp/x --ephemeral --no-demo").unwrap();
        let expected = Args { api_port: 8000, s3_port: 8001, data_dir: "/tmp/x".into(), ephemeral: true, demo: false };
        assert_eq!(args, Command::Serve(expected));
        assert_eq!(read("").unwrap(), Command::Serve(Args::default()));
        assert_eq!(read("documents").unwrap(), Command::Documents);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert_eq!(read("--api-port many"), Err(ArgsError::Value("--api-port")));
        assert_eq!(read("--data-dir"), Err(ArgsError::Value("--data-dir")));
        assert_eq!(read("documents --ephemeral"), Err(ArgsError::Unknown("--ephemeral".into())));
        assert_eq!(read("--colour"), Err(ArgsError::Unknown("--colour".into())));
    }
}
