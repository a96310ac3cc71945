//! GitHub, played by script.

use super::*;
