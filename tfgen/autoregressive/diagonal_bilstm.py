"""PixelRNN with Diagonal BiLSTMs (van den Oord et al., 2016a)."""

from typing import Any

from tfgen.autoregressive.pixel_rnn import PixelRNN
from tfgen.layers import DiagonalBiLSTMLayer


class DiagonalBiLSTM(PixelRNN):
    """PixelRNN with Diagonal BiLSTMs: a diagonal is computed at once, and sees all before it.

    van den Oord et al. (2016), section 3.2; see `PixelRNN` for the network. It runs over one column
    more than the image has, empty as the padding is. With mask A and their shift by a row alone,
    the last pixel of the row above would come by the first convolution only, and most pixels would
    never see it; now the LSTM from the right begins in that column, where it is known.

    Args:
        event_shape: `(height, width, channels)`.
        levels: values of each channel; level k is read as k / (levels - 1).
        num_features: h, units of each LSTM, a multiple of the channels.
        num_layers: LSTM layers.
        first_kernel_size: odd, of the first convolution.
        num_output_features: features between the LSTMs and the logits, a multiple of the channels.
    Raises:
        ValueError: events that are no images, or sizes that do not fit.

    Example:
        >>> model = DiagonalBiLSTM.default((4, 4, 1), num_features=4, num_layers=1)
        >>> x = model.sample(3, seed=0)
        >>> x.shape, model.log_prob(x).shape
        (TensorShape([3, 4, 4, 1]), TensorShape([3]))
    """

    num_extra_columns = 1

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._make_layers(lambda **options: DiagonalBiLSTMLayer(self.num_features, **options))
