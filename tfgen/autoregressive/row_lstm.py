"""PixelRNN with Row LSTMs (van den Oord et al., 2016a)."""

from typing import Any, Self

from tfgen.autoregressive.pixel_rnn import PixelRNN
from tfgen.core.typing import ShapeLike
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

    Example:
        >>> model = RowLSTM.default((4, 4, 1), num_features=4, num_layers=1)
        >>> x = model.sample(3, seed=0)
        >>> x.shape, model.log_prob(x).shape
        (TensorShape([3, 4, 4, 1]), TensorShape([3]))
    """

    def __init__(self, *, kernel_size: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kernel_size = kernel_size
        self._make_layers(lambda **options: RowLSTMLayer(self.num_features, kernel_size, **options))

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        levels: int = 2,
        num_features: int = 16,
        num_layers: int = 7,
        kernel_size: int = 3,
        first_kernel_size: int = 7,
        num_output_features: int = 32,
        **kwargs: Any,
    ) -> Self:
        """The paper's network for MNIST; features are rounded up to a multiple of the channels.

        Args:
            event_shape: `(height, width, channels)`.
            levels: values of each channel.
            num_features: h, units of each LSTM.
            num_layers: LSTM layers.
            kernel_size: odd, of the LSTMs' two convolutions along the row.
            first_kernel_size: odd, of the first convolution.
            num_output_features: features between the LSTMs and the logits.
            **kwargs: the constructor's other arguments.
        """
        return super().default(
            event_shape,
            levels,
            num_features,
            num_layers,
            first_kernel_size,
            num_output_features,
            kernel_size=kernel_size,
            **kwargs,
        )
