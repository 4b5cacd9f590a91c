"""Models that labels steer: what to switch on and off in an image."""

from stargan_tf.steering import Steering


class LabelSteering(Steering):
    """Steering by labels."""

    name = "labels"
    title = "label"

    def tasks(self, subject, options):
        """Every target, for the images that do not show it yet."""
        from stargan_tf.steering.tasks import label_tasks

        return label_tasks(subject, options)

    def remote_model(self, client, description, code):
        """The remote model; there is no code for it."""
        from stargan_tf.serving.remote_models import label_model

        return label_model(client, description, code)

    def distillation(self):
        """Labels, shuffled."""
        from stargan_tf.distillation import by_label

        return by_label


LABELS = LabelSteering()
