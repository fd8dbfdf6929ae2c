"""PixelRNN with Row LSTMs (van den Oord et al., 2016a)."""

from tfgen.autoregressive.pixel_rnn import PixelRNN
from tfgen.layers import RowLSTMLayer


class RowLSTM(PixelRNN):
    """PixelRNN with Row LSTMs: a row is computed at once, from the state of the row above.

    Each layer sees a triangle above a pixel, and the pixels of its own row that its convolution
    reaches (van den Oord et al. 2016, section 3.1). See `PixelRNN` for the network.

    Args:
        event_shape: `(height, width, channels)`.
        levels: values of each channel; level k is read as k / (levels - 1).
        num_features: h, units of each LSTM, a multiple of the channels.
        num_layers: LSTM layers.
        kernel_size: odd, of the LSTMs' two convolutions along the row.
        first_kernel_size: odd, of the first convolution.
        num_output_features: features between the LSTMs and the logits, a multiple of the channels.
    Raises:
        ValueError: events that are no images, or sizes that do not fit.
    """

    def __init__(
        self,
        *,
        event_shape,
        levels=2,
        num_features=16,
        num_layers=7,
        kernel_size=3,
        first_kernel_size=7,
        num_output_features=32,
        **kwargs,
    ):
        super().__init__(
            lambda **options: RowLSTMLayer(num_features, kernel_size, **options),
            event_shape=event_shape,
            levels=levels,
            num_features=num_features,
            num_layers=num_layers,
            first_kernel_size=first_kernel_size,
            num_output_features=num_output_features,
            **kwargs,
        )
        self.kernel_size = kernel_size

    @classmethod
    def default(
        cls,
        event_shape,
        levels=2,
        num_features=16,
        num_layers=7,
        kernel_size=3,
        first_kernel_size=7,
        num_output_features=32,
    ):
        """The paper's network for MNIST; see `PixelRNN.default`.

        Args:
            kernel_size: odd, of the LSTMs' two convolutions along the row.
        """
        return super().default(
            event_shape,
            levels,
            num_features,
            num_layers,
            first_kernel_size,
            num_output_features,
            kernel_size=kernel_size,
        )
