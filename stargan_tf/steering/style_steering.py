"""Models that styles steer: a domain, and one of the many styles in it."""

from stargan_tf.steering import Steering


class StyleSteering(Steering):
    """Steering by styles."""

    name = "styles"
    title = "style"

    def tasks(self, subject, options):
        """Every ordered pair of domains, in latent and in reference styles."""
        from stargan_tf.steering.tasks import style_tasks

        return style_tasks(subject, options)

    def remote_model(self, client, description, code):
        """The remote model; the code is its mask provider."""
        from stargan_tf.serving.remote_models import style_model

        return style_model(client, description, code)

    def distillation(self):
        """Latent and reference styles."""
        from stargan_tf.distillation import by_style

        return by_style


STYLES = StyleSteering()
