//! Questions and answers as bytes: JSON, as clients get the same things, so that each has one form.

use std::marker::PhantomData;

use bytes::{Buf as _, BufMut as _};
use serde::{Serialize, de::DeserializeOwned};
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// Writes `W` and reads `R`.
pub(super) struct Json<W, R>(PhantomData<fn() -> (W, R)>);

impl<W, R> Default for Json<W, R> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<W: Serialize + Send + 'static, R: DeserializeOwned + Send + 'static> Codec for Json<W, R> {
    type Encode = W;
    type Decode = R;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self::default()
    }

    fn decoder(&mut self) -> Self {
        Self::default()
    }
}

impl<W: Serialize, R> Encoder for Json<W, R> {
    type Item = W;
    type Error = Status;

    fn encode(&mut self, item: W, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        serde_json::to_writer(out.writer(), &item)
            .map_err(|error| Status::internal(format!("can't be written: {error}")))
    }
}

impl<W, R: DeserializeOwned> Decoder for Json<W, R> {
    type Item = R;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<R>, Status> {
        // From one piece of memory: what is kept as it was written can't be read from a stream.
        let bytes = from.copy_to_bytes(from.remaining());
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| Status::invalid_argument(format!("can't be read: {error}")))
    }
}
