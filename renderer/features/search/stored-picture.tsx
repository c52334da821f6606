import { FacesPicture } from '../../components/faces-picture.tsx';
import { Gone } from './recording.tsx';
import { useTaskMedia } from './use-task-media.ts';

/** The picture from which a stored text was made, with its faces; nothing for another kind of file. */
export function StoredPicture({ taskId, title }: { taskId: string; title: string }) {
  const { known } = useTaskMedia(taskId);
  if (known.state !== 'ready' || known.media.contentType !== 'image') return null;
  const { file, gone, thumbnail, faces } = known.media;
  const sources = [
    ...(file === null ? [] : [file.address]),
    ...(thumbnail === null ? [] : [`data:image/jpeg;base64,${thumbnail}`]),
  ];
  return (
    <>
      <FacesPicture name={title} sources={sources} faces={faces} />
      {gone !== null && <Gone gone={gone} />}
    </>
  );
}
